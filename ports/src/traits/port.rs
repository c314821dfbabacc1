/// Defines a port, and a macro that hands the port's methods to another one.
///
/// So what stands around a port, such as a store of which some calls fail, is made from the port's
/// own definition, and has every method that the port has. Under
/// `#[apply(port)] #[methods(store_methods)]`, `ports::store_methods! { made { data } }` calls
/// `made! { { data } the_trait { its methods } }`.
macro_rules! port {
    (#[methods($handed:ident)] $($port:tt)*) => {
        $($port)*

        port! { @methods $handed $($port)* }
    };
    (
        @methods $handed:ident
        $(#[$attribute:meta])*
        pub trait $port:ident: Send + Sync { $($methods:tt)* }
    ) => {
        /// Hands the methods of a port to a macro.
        #[macro_export]
        macro_rules! $handed {
            ($to:ident $data:tt) => { $to! { $data $port { $($methods)* } } };
        }
    };
}

pub(super) use port;
