//! Portuguese.

use super::{CommandWords, Refusals, Words};

pub(super) const WORDS: Words = Words {
    plain: [
        "Estou ouvindo.",
        "Vou ver isso.",
        "Certo, estou com você.",
        "Entendi.",
        "Ok, vamos olhar isso.",
    ],
    keen: [
        "Muito bem, ao trabalho.",
        "Certo, vamos lá.",
        "Bom, vamos com tudo.",
        "Vamos fazer valer.",
    ],
    thanks: "Por nada.",
    goodbye: "Cuide-se.",
    injury: "Que bom que você me avisou.",
    illness: "É bom saber disso.",
    grief: "Sinto muito.",
    emergency: "Isto vem antes de qualquer treino.",
    crisis: "Que bom que você me disse.",
    emergency_help: "Pare agora. Se está acontecendo ou piorando, ligue para o número de \
        emergência do seu país, e não espere sem ninguém por perto.",
    crisis_help: "Você não precisa carregar isso sem ajuda. Se você pode se machucar, ou está \
        em perigo, ligue agora para o número de emergência do seu país, ou para alguém de \
        confiança, e fique com essa pessoa.",
    not_kept: "Não registrei nem guardei esta mensagem; /log-workout e /save-memory fazem isso \
        se você quiser.",
    remembering: "Vou lembrar: ",
    help: "É só falar comigo, ou começar uma mensagem com um destes:",
    log_workout: CommandWords {
        takes: " <o que você fez>",
        does: "anota um treino terminado",
        hint: "Diga o que você fez, por exemplo: /log-workout agachamento 5x5 com 100 kg, RPE 8",
    },
    save_memory: CommandWords {
        takes: " <o que lembrar>",
        does: "me faz lembrar algo sobre você",
        hint: "Diga o que lembrar, por exemplo: /save-memory meu joelho esquerdo não gosta de \
            avanços profundos",
    },
    forget: CommandWords {
        takes: " <o que esquecer>",
        does: "me faz esquecer o que mais combina",
        hint: "Diga o que esquecer, por exemplo: /forget o que eu disse do meu joelho",
    },
    list_commands: CommandWords {
        takes: "",
        does: "mostra esta lista",
        hint: "",
    },
    refusals: Refusals {
        nothing_to_remember: "não há nada nisso para lembrar",
        reads_like_an_instruction: "isto parece uma instrução para o sistema, não algo sobre você",
        was_not_said: "você não disse isso na sua mensagem: diga em uma só mensagem o que lembrar",
        was_forgotten: "você pediu para esquecer isso",
    },
};
