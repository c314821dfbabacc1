use super::*;

/// A crowd of names.
struct Names {
    crowd: Crowd<&'static str>,
    ids: HashMap<&'static str, Id>,
}

const ANY: &str = "192.0.2.1";

impl Names {
    fn of(all: usize, per_address: usize) -> Self {
        Self {
            crowd: Crowd::new(Limits { all, per_address }),
            ids: HashMap::new(),
        }
    }

    /// Who has to go for this one, if there is a place at all.
    fn enter(&mut self, name: &'static str, address: &str) -> Result<Option<&'static str>, Full> {
        let (id, out) = self
            .crowd
            .enter(address.parse().unwrap(), name)
            .ok_or(Full)?;
        self.ids.insert(name, id);
        Ok(out)
    }

    /// Whether it is still there.
    fn ask(&mut self, name: &str) -> bool {
        self.crowd.asked(self.ids[name])
    }

    fn answer(&mut self, name: &str) -> Option<&'static str> {
        self.crowd.answered(self.ids[name])
    }

    fn is_empty(&self) -> bool {
        let Crowd {
            connected,
            waiting,
            waiting_of,
            ..
        } = &self.crowd;
        connected.is_empty() && waiting.is_empty() && waiting_of.is_empty()
    }
}

#[derive(Debug, PartialEq)]
struct Full;

#[test]
fn the_one_that_waits_longest_goes_for_a_new_one() {
    let mut names = Names::of(3, 0);
    for name in ["a", "b", "c"] {
        assert_eq!(names.enter(name, ANY), Ok(None));
    }
    names.ask("a");
    assert_eq!(names.enter("d", ANY), Ok(Some("b")));
    // Who was answered waits since then.
    assert_eq!(names.answer("a"), None);
    assert_eq!(names.enter("e", ANY), Ok(Some("c")));
    assert_eq!(names.enter("f", ANY), Ok(Some("d")));
    assert_eq!(names.enter("g", ANY), Ok(Some("a")));
}

#[test]
fn nobody_who_has_asked_goes() {
    let mut names = Names::of(2, 1);
    for name in ["a", "b"] {
        assert_eq!(names.enter(name, ANY), Ok(None));
        names.ask(name);
        names.ask(name);
    }
    assert_eq!(names.enter("c", ANY), Err(Full));
    assert_eq!(names.crowd.leave(names.ids["a"]), Some("a"));
    assert_eq!(names.enter("c", ANY), Ok(None));
}

#[test]
fn who_is_gone_is_forgotten() {
    let mut names = Names::of(2, 2);
    for name in ["a", "b", "c"] {
        names.enter(name, ANY).unwrap();
    }
    // Sent away before: what it still does counts for nothing.
    assert!(!names.ask("a") && names.ask("b"));
    assert_eq!(names.answer("a"), None);
    assert_eq!(names.crowd.leave(names.ids["a"]), None);
    for name in ["b", "c"] {
        assert_eq!(names.crowd.leave(names.ids[name]), Some(name));
    }
    assert!(names.is_empty());
}

#[test]
fn too_many_of_one_address_push_out_their_own_and_nobody_elses() {
    let (one, other) = ("192.0.2.1", "192.0.2.2");
    let mut names = Names::of(4, 2);
    for (name, address) in [("x", other), ("a", one), ("b", one)] {
        assert_eq!(names.enter(name, address), Ok(None));
    }
    assert_eq!(names.enter("c", one), Ok(Some("a")));
    // Who has asked is not counted.
    names.ask("b");
    assert_eq!(names.enter("d", one), Ok(None));
    assert_eq!(names.enter("e", one), Ok(Some("c")));
    // But when it was answered it is again.
    assert_eq!(names.answer("b"), Some("d"));
}

#[test]
fn a_client_is_one_address_and_this_machine_none() {
    for (first, second, same) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ("127.0.0.1", "127.0.0.1", false),
        ("127.0.0.2", "127.0.0.2", false),
        ("::1", "::1", false),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", false),
    ] {
        let mut names = Names::of(9, 1);
        assert_eq!(names.enter("a", first), Ok(None));
        assert_eq!(
            names.enter("b", second),
            Ok(same.then_some("a")),
            "{first} {second}"
        );
    }
}

#[test]
fn without_a_limit_no_address_is_counted() {
    let mut names = Names::of(9, 0);
    assert!((0..9).all(|_| names.enter("a", ANY) == Ok(None)));
}

#[test]
fn of_those_that_have_never_asked_an_eighth_goes_and_of_those_that_wait_all() {
    let mut names = Names::of(99, 0);
    assert_eq!(names.crowd.thin_out(), [""; 0]);
    for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"] {
        names.enter(name, ANY).unwrap();
    }
    names.ask("a");
    names.ask("b");
    names.answer("b");
    assert_eq!(names.crowd.thin_out(), ["c", "d"], "of nine");
    assert_eq!(names.crowd.thin_out(), ["e"], "of seven");
    assert_eq!(names.crowd.clear_out(), ["f", "g", "h", "i", "j", "k", "b"]);
    assert_eq!(names.crowd.leave(names.ids["a"]), Some("a"));
    assert!(names.is_empty());
}
