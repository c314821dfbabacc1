use domain::{Prices, Timestamp, TurnKey};
use ports::{Ports, Shift};

/// Works off the jobs of a turn, and a few that its user has left over, as a process does that has
/// all the time in the world.
pub async fn work_off(ports: &Ports, turn: &TurnKey) -> Option<Timestamp> {
    let shift = Shift {
        ports,
        prices: &Prices::default(),
        watch: &(),
        until: None,
    };
    shift.work_off(turn).await
}
