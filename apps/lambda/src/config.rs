use assembly::ServiceArgs;
use clap::{Parser, ValueEnum};

/// The coach as a function of AWS Lambda. Every option is also an environment variable, which is
/// how a function has its settings.
#[derive(Debug, Parser)]
#[command(name = "coach-lambda", version)]
pub struct Config {
    /// What invocations are for.
    #[arg(long, env = "COACH_ROLE", value_enum, default_value_t = Role::Api)]
    pub role: Role,

    /// Whether answers are streamed to Lambda.
    #[arg(long, env = "COACH_RESPONSES", value_enum, default_value_t = Responses::Auto)]
    pub responses: Responses,

    /// The function, by name or ARN, that sweeps: it is woken when an answer that was not streamed
    /// has left work. Without it, only its schedule wakes it.
    #[arg(long, env = "COACH_SWEEP_FUNCTION", value_name = "NAME")]
    pub sweep_function: Option<String>,

    /// The stage that its metrics are told of, such as prod.
    #[arg(long, env = "COACH_STAGE", value_name = "NAME", default_value = "dev")]
    pub stage: String,

    #[command(flatten)]
    pub service: ServiceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// They are HTTP requests, of a Function URL or an API Gateway.
    Api,
    /// Each does what others have left behind, whatever its event says.
    Sweep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Responses {
    /// Streamed to a Function URL and a REST API, whole to an HTTP API, which cannot stream.
    Auto,
    /// Always streamed.
    Stream,
    /// Always whole, as for a Function URL whose invoke mode is BUFFERED.
    Whole,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Config::command().debug_assert();
    }
}
