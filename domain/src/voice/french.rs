//! French.

use super::{CommandWords, Refusals, Words};

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
        "Faisons que ça compte.",
    ],
    thanks: "Avec plaisir.",
    goodbye: "Prends soin de toi.",
    injury: "Merci de me le dire.",
    illness: "Merci de m'en parler.",
    grief: "Je suis de tout cœur avec toi.",
    emergency: "Cela passe avant tout entraînement.",
    crisis: "Tu as bien fait de me le dire.",
    emergency_help: "Arrête-toi maintenant. Si cela se passe en ce moment ou s'aggrave, \
        appelle le numéro d'urgence de ton pays, et n'attends pas en restant sans personne.",
    crisis_help: "Tu n'as pas à porter cela sans personne. Si tu risques de te faire du mal, \
        ou si tu es en danger, appelle maintenant le numéro d'urgence de ton pays, ou une personne \
        de confiance, et reste avec elle.",
    not_kept: "Je n'ai ni noté ni retenu ce message ; /log-workout et /save-memory le font si \
        tu le souhaites.",
    remembering: "Je m'en souviendrai : ",
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
    refusals: Refusals {
        nothing_to_remember: "il n'y a rien à retenir là-dedans",
        reads_like_an_instruction: "cela se lit comme une instruction au système, pas comme \
            quelque chose sur toi",
        was_not_said: "tu ne l'as pas dit dans ton message : dis-moi en un seul message quoi \
            retenir",
        was_forgotten: "tu as demandé que cela soit oublié",
    },
};
