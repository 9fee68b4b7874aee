//! From a config to a model.

use std::{collections::BTreeMap, sync::Arc};

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use serde::de::DeserializeOwned;
use statenet_core::{Axes, Seed};

use crate::{
    build::{
        architecture::Architecture,
        ensemble::Ensemble,
        frame_model::{FrameModel, Framewise},
        model_config::ModelConfig,
        pipeline::Pipeline,
        response_model::ResponseModel,
    },
    error::{Error, Result},
    params::store::{ParamStore, Room},
};

/// Builds a custom model from its config; the error it returns becomes [`Error::Custom`].
pub(crate) type Builder = dyn Fn(
        &ModelConfig,
        Seed,
        DType,
        &Device,
    ) -> Result<Box<dyn ResponseModel>, Box<dyn std::error::Error + Send + Sync>>
    + Send
    + Sync;

/// Builders of custom models by name. A plain value: there is no global registry.
#[derive(Clone, Default)]
pub struct Registry {
    builders: BTreeMap<String, Arc<Builder>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.builders.keys()).finish()
    }
}

impl Registry {
    /// A registry that knows the models of this crate only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers the builder of your own model under the name its configs carry.
    #[must_use]
    pub fn with<F>(mut self, name: &str, builder: F) -> Self
    where
        F: Fn(
                &ModelConfig,
                Seed,
                DType,
                &Device,
            ) -> Result<Box<dyn ResponseModel>, Box<dyn std::error::Error + Send + Sync>>
            + Send
            + Sync
            + 'static,
    {
        self.builders.insert(name.to_owned(), Arc::new(builder));
        self
    }

    /// Registers your own model, written for one frame at a time: `layers` builds it from the store of its parameters, the
    /// axes of the recording and the body of its config, read into a type of yours.
    ///
    /// A body that does not fit that type is an error that names the field.
    #[must_use]
    pub fn with_frames<M, C, F>(self, name: &str, layers: F) -> Self
    where
        M: FrameModel + 'static,
        C: DeserializeOwned,
        F: Fn(VarBuilder<'static>, &Axes, C) -> candle_core::Result<M> + Send + Sync + 'static,
    {
        self.with(name, move |config, seed, dtype, device| {
            Ok(Box::new(Framewise::build(config, seed, dtype, device, &layers)?))
        })
    }

    /// Validates a config and builds its model.
    ///
    /// # Errors
    /// [`Error::Config`] for impossible values, [`Error::UnknownModel`] for a custom model nobody registered.
    pub fn build(
        &self,
        config: &ModelConfig,
        seed: Seed,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn ResponseModel>> {
        self.build_on(config, ParamStore::new(seed, dtype, device))
    }

    /// Builds the model of a config whose parameters are in a file. The sizes in a config are claims: a model of the zoo with more
    /// numbers than the file is refused before they are made.
    ///
    /// # Errors
    /// As [`build`](Self::build); [`Error::Parameters`] if there are more numbers.
    pub(crate) fn build_for(
        &self,
        config: &ModelConfig,
        room: Room,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn ResponseModel>> {
        self.build_on(config, ParamStore::new(Seed::new(0), dtype, device).with_room(Some(room)))
    }

    fn build_on(&self, config: &ModelConfig, params: ParamStore) -> Result<Box<dyn ResponseModel>> {
        config.validate()?;
        self.build_valid(config, params)
    }

    fn build_valid(&self, config: &ModelConfig, params: ParamStore) -> Result<Box<dyn ResponseModel>> {
        match &config.model {
            Architecture::Pipeline(pipeline) => Ok(Box::new(Pipeline::on(params, config.axes()?, pipeline)?)),
            Architecture::Custom(custom) => {
                let Some(builder) = self.builders.get(&custom.name) else {
                    let known = self.builders.keys().cloned().collect();
                    return Err(Error::UnknownModel { name: custom.name.clone(), known });
                };
                builder(config, params.seed(), params.dtype(), params.device())
                    .map_err(|source| Error::Custom { name: custom.name.clone(), source })
            }
            Architecture::Ensemble(ensemble) => {
                let mut room = params;
                let mut members = Vec::with_capacity(ensemble.members.len());
                for (i, model) in ensemble.members.iter().enumerate() {
                    let config = ModelConfig { model: model.clone(), ..config.clone() };
                    let member = self.build_valid(&config, room.of_part(&Ensemble::name(i)))?;
                    room.take_room(member.params())?;
                    members.push(member);
                }
                Ok(Box::new(Ensemble::new(members)?))
            }
        }
    }
}

impl ModelConfig {
    /// Builds the model in f32 with first values drawn from a seed.
    ///
    /// ```
    /// use candle_core::Device;
    /// use statenet_core::{Axes, Seed, TimeBin};
    /// use statenet_models::zoo;
    ///
    /// let axes = Axes::new(34, 1, TimeBin::from_millis(5.0)?);
    /// let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
    /// assert_eq!(model.params().n_trained(), 30_467);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Registry::build`]; custom models need a registry.
    pub fn build(&self, seed: Seed, device: &Device) -> Result<Box<dyn ResponseModel>> {
        Registry::new().build(self, seed, DType::F32, device)
    }
}
