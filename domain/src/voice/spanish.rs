//! Spanish.

use super::table::{CommandWords, MemoryWords, Refusals, Words};

pub(super) const WORDS: Words = Words {
    plain: [
        "Te escucho.",
        "Voy a ello.",
        "Bien, estoy contigo.",
        "Entendido.",
        "Vale, vamos a verlo.",
    ],
    keen: [
        "Muy bien, a trabajar.",
        "Listo, vamos.",
        "Bien, a por ello.",
        "Hagamos que cuente.",
    ],
    thanks: "De nada.",
    goodbye: "Cuídate.",
    injury: "Gracias por decírmelo.",
    illness: "Gracias por contármelo.",
    grief: "Lo siento mucho.",
    emergency: "Esto va antes que cualquier entrenamiento.",
    crisis: "Me alegra que me lo hayas dicho.",
    emergency_help: "Detente ahora. Si está pasando o va a peor, llama al número de emergencias \
        de tu país, y no esperes a solas.",
    crisis_help: "No tienes que cargar con esto a solas. Si crees que puedes hacerte daño o estás \
        en peligro, llama ahora al número de emergencias de tu país, o a alguien de confianza, y \
        quédate con esa persona.",
    not_kept: "No he registrado ni guardado este mensaje; /log-workout y /save-memory lo hacen \
        si quieres.",
    help: "Habla conmigo sin más, o empieza un mensaje con uno de estos:",
    log_workout: CommandWords {
        takes: " <lo que hiciste>",
        does: "apunta un entrenamiento terminado",
        hint: "Dime qué hiciste, por ejemplo: /log-workout sentadilla 5x5 con 100 kg, RPE 8",
    },
    save_memory: CommandWords {
        takes: " <qué recordar>",
        does: "hace que recuerde algo sobre ti",
        hint: "Dime qué recordar, por ejemplo: /save-memory mi rodilla izquierda no tolera \
            zancadas profundas",
    },
    forget: CommandWords {
        takes: " <qué olvidar>",
        does: "hace que olvide lo que mejor encaje",
        hint: "Dime qué olvidar, por ejemplo: /forget lo que dije de mi rodilla",
    },
    list_commands: CommandWords {
        takes: "",
        does: "muestra esta lista",
        hint: "",
    },
    memory: MemoryWords {
        remembering: "Lo recordaré: ",
        in_place_of: "en lugar de: ",
        cannot_remember: "No puedo guardar eso: ",
        cannot_use: "Así no puedo guardarlo: dime lo esencial en 500 caracteres como máximo.",
        not_remembered: "No pude guardar lo que me dijiste antes",
        not_forgotten: "No pude olvidar lo que querías que olvidara antes",
        forgetting: "Voy a olvidar: ",
        shall_it_go: "¿Olvido esto?: ",
        yes_or_no: "Di sí o no.",
        which_goes: "¿Cuál de estos olvido?",
        how_to_choose: "Di un número, «todos» o «ninguno».",
        none_goes: "No he olvidado nada.",
        nothing_like_it: "No recuerdo nada parecido, así que no he olvidado nada.",
        nearest: "Lo más parecido que recuerdo:",
        rest_is_unknown: "De lo demás no sé nada.",
        second_miss: "No sé a cuál te refieres, así que no he olvidado nada. En la lista de tus \
            recuerdos puedes borrarlo tú.",
        unread: "Ahora mismo no puedo mirar lo que recuerdo, así que no he olvidado nada.",
        everything: "Desde aquí no puedo olvidar todo lo que sé de ti. Para borrarlo todo, pide \
            que eliminen tu cuenta; cada recuerdo se puede borrar en su lista.",
        saved: "Lo recordaré.",
        known: "Eso ya lo sabía.",
        corrected: "Lo recordaré en lugar de lo que sabía antes.",
        forgotten: "Está olvidado.",
        nothing_to_forget: "no recuerdo nada parecido",
    },
    refusals: Refusals {
        is_too_long: "tiene más de 500 caracteres: dime lo esencial",
        nothing_to_remember: "no contiene nada que recordar",
        reads_like_an_instruction: "esto parece una instrucción para el sistema, no algo sobre ti",
        was_not_said: "no lo dijiste en tu mensaje: dime en un solo mensaje qué recordar",
        was_forgotten: "pediste que esto se olvidara",
    },
};
