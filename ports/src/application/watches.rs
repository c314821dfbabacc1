use std::sync::Arc;

use domain::{Job, Outcome, TurnKey};

use crate::{Feed, Watch};

/// Several who hear of the same, in this order.
#[derive(Clone)]
pub struct Watches(pub Vec<Arc<dyn Watch>>);

impl Watches {
    fn all(&self, tell: impl Fn(&dyn Watch)) {
        self.0.iter().for_each(|watch| tell(&**watch));
    }
}

impl Watch for Watches {
    fn began(&self, feed: &Arc<Feed>) {
        self.all(|watch| watch.began(feed));
    }

    fn asked_to_stop(&self, feed: &Feed) {
        self.all(|watch| watch.asked_to_stop(feed));
    }

    fn ended(&self, feed: &Feed) {
        self.all(|watch| watch.ended(feed));
    }

    fn is_over(&self, turn: &TurnKey) {
        self.all(|watch| watch.is_over(turn));
    }

    fn left(&self, turn: &TurnKey) {
        self.all(|watch| watch.left(turn));
    }

    fn settled(&self, job: &Job, outcome: &Outcome) {
        self.all(|watch| watch.settled(job, outcome));
    }
}
