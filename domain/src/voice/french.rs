//! French.

use super::table::{CommandWords, MemoryWords, Refusals, Words};

pub(super) const WORDS: Words = Words {
    plain: [
        "Je t'écoute.",
        "Je m'en occupe.",
        "Bien, je suis avec toi.",
        "Compris.",
        "D'accord, regardons ça.",
    ],
    keen: [
        "Allez, au travail.",
        "C'est noté, on y va.",
        "Bien, on s'y met.",
        "Faisons en sorte que ça compte.",
    ],
    thanks: "Avec plaisir.",
    goodbye: "Prends soin de toi.",
    injury: "Merci de me le dire.",
    illness: "Merci de m'en parler.",
    grief: "Je suis de tout cœur avec toi.",
    emergency: "Cela passe avant tout entraînement.",
    crisis: "Tu as bien fait de me le dire.",
    emergency_help: "Arrête-toi maintenant. Si cela se passe en ce moment ou s'aggrave, \
        appelle le numéro d'urgence de ton pays, et n'attends pas sans quelqu'un à tes côtés.",
    crisis_help: "Tu n'as pas à porter cela sans aide. Si tu risques de te faire du mal, \
        ou si tu es en danger, appelle maintenant le numéro d'urgence de ton pays, ou une personne \
        de confiance, et reste avec elle.",
    not_kept: "Je n'ai ni noté ni retenu ce message ; /log-workout et /save-memory le font si \
        tu le souhaites.",
    help: "Parle-moi simplement, ou commence un message par l'un de ceux-ci :",
    log_workout: CommandWords {
        takes: " <ce que tu as fait>",
        does: "note une séance terminée",
        hint: "Dis-moi ce que tu as fait, par exemple : /log-workout squat 5x5 à 100 kg, RPE 8",
    },
    save_memory: CommandWords {
        takes: " <quoi retenir>",
        does: "me fait retenir quelque chose sur toi",
        hint: "Dis-moi quoi retenir, par exemple : /save-memory mon genou gauche supporte mal \
            les fentes profondes",
    },
    forget: CommandWords {
        takes: " <quoi oublier>",
        does: "me fait oublier ce qui correspond le mieux",
        hint: "Dis-moi quoi oublier, par exemple : /forget ce que j'ai dit de mon genou",
    },
    list_commands: CommandWords {
        takes: "",
        does: "montre cette liste",
        hint: "",
    },
    memory: MemoryWords {
        remembering: "Je m'en souviendrai : ",
        in_place_of: "à la place de : ",
        cannot_remember: "Je ne peux pas retenir cela : ",
        cannot_use: "Je ne peux pas le retenir tel quel : dis-moi l'essentiel en 500 caractères \
            au plus.",
        not_remembered: "Je n'ai pas pu retenir ce que tu m'as dit avant",
        not_forgotten: "Je n'ai pas pu oublier ce que tu voulais que j'oublie",
        forgetting: "J'oublie : ",
        shall_it_go: "Dois-je oublier ceci : ",
        yes_or_no: "Dis oui ou non.",
        which_goes: "Lequel dois-je oublier ?",
        how_to_choose: "Dis un numéro, « tous » ou « aucun ».",
        none_goes: "Je n'ai rien oublié.",
        nothing_like_it: "Je ne sais rien de tel, je n'ai donc rien oublié.",
        nearest: "Ce que je sais de plus proche :",
        rest_is_unknown: "Je ne sais rien du reste.",
        second_miss: "Je ne sais pas duquel tu parles, je n'ai donc rien oublié. Dans la \
            liste de tes souvenirs, tu peux le supprimer toi-même.",
        unread: "Je ne peux pas regarder ce que j'ai retenu en ce moment, je n'ai donc rien \
            oublié.",
        everything: "D'ici, je ne peux pas oublier tout ce que je sais de toi. Pour que tout \
            soit effacé, fais supprimer ton compte ; chaque souvenir peut être supprimé dans \
            la liste.",
        saved: "Je m'en souviendrai.",
        known: "Je le savais déjà.",
        corrected: "Je m'en souviendrai à la place de ce que je savais.",
        forgotten: "C'est oublié.",
        nothing_to_forget: "je ne sais rien de tel",
    },
    refusals: Refusals {
        is_too_long: "cela dépasse 500 caractères : dis-moi l'essentiel",
        nothing_to_remember: "il n'y a rien à retenir là-dedans",
        reads_like_an_instruction: "cela ressemble à une instruction au système, pas comme \
            quelque chose sur toi",
        was_not_said: "tu ne l'as pas dit dans ton message : dis-moi en un seul message quoi \
            retenir",
        was_forgotten: "tu as demandé que cela soit oublié",
    },
};
