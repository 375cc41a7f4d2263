//! The plugin as a component. Authors reach this through [`crate::export!`].

wit_bindgen::generate!({
    world: "plugin",
    path: "../schema/plugin.wit",
    runtime_path: "wit_bindgen::rt",
    pub_export_macro: true,
    default_bindings_module: "guildhall_plugin::guest",
});

/// Sends panic messages to the log, because a trap itself says nothing.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| log(&panic.to_string())));
}
