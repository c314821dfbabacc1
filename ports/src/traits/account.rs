/// An account at an issuer of tokens. Only both together say whose it is: two issuers may give the
/// same subject to two people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account {
    /// Who has issued the token (`iss`).
    pub issuer: String,
    /// The issuer's own name for the account (`sub`).
    pub subject: String,
}
