//! Portuguese.

use super::table::{CommandWords, MemoryWords, Refusals, Words};

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
    illness: "Agradeço por me contar isso.",
    grief: "Sinto muito.",
    emergency: "Isto vem antes de qualquer treino.",
    crisis: "Que bom que você me disse.",
    emergency_help: "Pare agora. Se está acontecendo ou piorando, ligue para o número de \
        emergência do seu país, e não espere sem ninguém por perto.",
    crisis_help: "Você não precisa carregar isso sem ajuda. Se você corre o risco de se machucar, \
        ou está em perigo, ligue agora para o número de emergência do seu país, ou para alguém de \
        confiança, e fique com essa pessoa.",
    not_kept: "Não registrei nem guardei esta mensagem; /log-workout e /save-memory fazem isso \
        se você quiser.",
    help: "É só falar comigo, ou começar uma mensagem com um destes:",
    log_workout: CommandWords {
        takes: " <o que você fez>",
        does: "anota um treino terminado",
        hint: "Diga o que você fez, por exemplo: /log-workout agachamento 5x5 com 100 kg, RPE 8",
    },
    save_memory: CommandWords {
        takes: " <o que lembrar>",
        does: "faz com que eu guarde algo sobre você",
        hint: "Diga o que lembrar, por exemplo: /save-memory meu joelho esquerdo não gosta de \
            avanços profundos",
    },
    forget: CommandWords {
        takes: " <o que esquecer>",
        does: "faz com que eu esqueça o que mais combina",
        hint: "Diga o que esquecer, por exemplo: /forget o que eu disse do meu joelho",
    },
    list_commands: CommandWords {
        takes: "",
        does: "mostra esta lista",
        hint: "",
    },
    memory: MemoryWords {
        remembering: "Vou lembrar: ",
        in_place_of: "no lugar de: ",
        cannot_remember: "Não posso guardar isso: ",
        cannot_use: "Assim não consigo guardar: diga o essencial em no máximo 500 caracteres.",
        not_remembered: "Não consegui guardar o que você me disse antes",
        not_forgotten: "Não consegui esquecer o que você queria que eu esquecesse",
        forgetting: "Vou esquecer: ",
        shall_it_go: "Devo esquecer isto: ",
        yes_or_no: "Diga sim ou não.",
        which_goes: "Qual destes devo esquecer?",
        how_to_choose: "Diga um número, “todos” ou “nenhum”.",
        none_goes: "Não esqueci nada.",
        nothing_like_it: "Não me lembro de nada parecido, então não esqueci nada.",
        nearest: "O mais próximo de que me lembro:",
        rest_is_unknown: "Do resto não sei nada.",
        second_miss: "Não sei qual você quer dizer, então não esqueci nada. Na lista das suas \
            memórias você pode apagar a que quiser.",
        unread: "Agora não consigo ver o que guardei, então não esqueci nada.",
        everything: "Daqui não consigo esquecer tudo sobre você. Para apagar tudo, peça que sua \
            conta seja apagada; cada memória pode ser apagada na lista delas.",
        saved: "Vou lembrar disso.",
        known: "Eu já sabia disso.",
        corrected: "Vou lembrar disso no lugar do que eu sabia antes.",
        forgotten: "Está esquecido.",
        nothing_to_forget: "não me lembro de nada parecido",
    },
    refusals: Refusals {
        is_too_long: "tem mais de 500 caracteres: diga o essencial",
        nothing_to_remember: "não há nada nisso para lembrar",
        reads_like_an_instruction: "isto parece uma instrução para o sistema, não algo sobre você",
        was_not_said: "você não disse isso na sua mensagem: diga em uma só mensagem o que lembrar",
        was_forgotten: "você pediu para esquecer isso",
    },
};
