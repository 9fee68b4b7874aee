//! Every operation obeys every law: one test for each operation and kind.

use crate::{cases, laws::check_all};

/// A test for each name, which takes all cases of that operation through the laws; and one that none was left out.
macro_rules! operations {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                cases_of(stringify!($name)).for_each(check_all);
            }
        )*

        #[test]
        fn none_is_left_out() {
            let tested = [$(stringify!($name)),*];
            for case in cases::ALL.into_iter().flatten() {
                assert!(tested.contains(&case.name), "no test takes {} through the laws", case.name);
            }
        }
    };
}

fn cases_of(name: &'static str) -> impl Iterator<Item = &'static crate::op_case::OpCase> {
    let all = cases::ALL.into_iter().flatten().filter(move |case| case.name == name);
    assert!(all.clone().count() > 0, "{name} has no case");
    all
}

operations! {
    affine affine_then causal_self_attention causal_attention causal_attention_dropped
    gated_recurrence gated_layer gated_layer_last lmu
    leaky adaptation plasticity diagonal_scan dplr_scan selective_scan
    depthwise_conv1d causal_strf causal_conv2d normed_conv2d locally_connected band_convolution local_encoder
    silu_gate channel_norm dropout softplus
    softplus_curve sigmoid_curve exponential_curve double_exponential_curve
    masked_mse masked_poisson masked_correlation masked_gaussian masked_negative_binomial
}
