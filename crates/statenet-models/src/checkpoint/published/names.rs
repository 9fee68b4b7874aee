//! Names of the published implementation's tensors, by the model that they belong to.

use crate::{
    backbones::BackboneConfig, build::architecture::PipelineConfig, cores::CoreConfig,
    encoders::EncoderConfig,
};

/// Prefixes of theirs and ours, the first that fits is replaced; each way, none hides one that comes later.
pub(super) struct Names(Vec<(&'static str, &'static str)>);

const EVERYWHERE: [(&str, &str); 4] = [
    ("prefiltering.", "prefilter."),
    ("readout.activation._raw_beta", "readout.activation.raw_beta"),
    ("readout.activation._raw_a", "readout.activation.raw_a"),
    ("readout.activation._raw_b", "readout.activation.raw_b"),
];

impl Names {
    /// Those of a model.
    pub(super) fn of(pipeline: &PipelineConfig) -> Self {
        let mut names: Vec<(&str, &str)> = match &pipeline.core {
            CoreConfig::Nrf(_) | CoreConfig::Dnet(_) => {
                vec![
                    ("core.0.kernel.", "core.strf."),
                    ("core.1.ln.", "core.norm."),
                    ("core.3.", "core.leak."),
                ]
            }
            CoreConfig::Conv2d(_) => vec![
                ("core.1.", "core.conv.0."),
                ("core.2.ln.", "core.norm.0."),
                ("core.4.", "core.conv.1."),
                ("core.5.ln.", "core.norm.1."),
                ("core.7.", "core.conv.2."),
                ("core.8.ln.", "core.norm.2."),
                ("readout.fc.0.", "core.hidden."),
                ("readout.fc.2.", "readout.fc."),
            ],
            CoreConfig::Transformer(_) => vec![("patchify.", "core.patchify."), ("tsfm.", "core.")],
            CoreConfig::Statenet(statenet) => {
                let mut names = match statenet.encoder {
                    EncoderConfig::Dense(_) => {
                        vec![("encoder_layers.1.", "core.encoder."), ("encoder_layers.3.ln.", "core.norm.")]
                    }
                    EncoderConfig::LocallyConnected(_) | EncoderConfig::Convolution(_) => {
                        vec![("encoder_layers.0.", "core.encoder."), ("encoder_layers.1.ln.", "core.norm.")]
                    }
                };
                names.extend(match statenet.backbone {
                    BackboneConfig::Lmu(_) => vec![("rnn.cell.", "core.backbone.")],
                    BackboneConfig::S4(_) | BackboneConfig::S4d(_) => vec![
                        ("rnn.layer.kernel.inv_dt", "core.backbone.kernel.log_dt"),
                        ("rnn.layer.kernel.A_real", "core.backbone.kernel.log_A_real"),
                        ("rnn.output_linear.0.", "core.backbone.output_linear."),
                        ("rnn.layer.", "core.backbone."),
                    ],
                    _ => vec![("rnn.", "core.backbone.")],
                });
                names
            }
            _ => vec![("readout.strf.kernel.", "readout.strf."), ("readout.bn.", "readout.norm.")],
        };
        names.extend(EVERYWHERE);
        Self(names)
    }

    /// Our name of their tensor.
    pub(super) fn ours(&self, theirs: &str) -> String {
        self.0
            .iter()
            .find_map(|(from, to)| Some(format!("{to}{}", theirs.strip_prefix(from)?)))
            .unwrap_or_else(|| theirs.to_owned())
    }

    /// Their name of our tensor.
    pub(super) fn theirs(&self, ours: &str) -> String {
        self.0
            .iter()
            .find_map(|(to, from)| Some(format!("{to}{}", ours.strip_prefix(from)?)))
            .unwrap_or_else(|| ours.to_owned())
    }
}
