//! Parses text as a model config, writes it, parses it again and compares; validation must not panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use statenet_models::ModelConfig;

fuzz_target!(|text: &str| {
    for parsed in [ModelConfig::from_json(text), ModelConfig::from_toml(text)] {
        let Ok(config) = parsed else { continue };
        let _valid_or_not = config.validate();
        let json = serde_json::to_string(&config).expect("a config can be written");
        assert_eq!(ModelConfig::from_json(&json).expect("what we write we can read"), config);
    }
});
