//! The words around what is to be forgotten, in five languages, folded as `stem::folded` does it.

/// What asks for something to be forgotten.
#[rustfmt::skip]
pub(super) const VERBS: [&str; 50] = [
    "forget", "forgetting", "delete", "erase", "remove", "scrap", "unremember", "discard", "wipe",
    "drop", "clear", "remembering", "purge", "disregard",
    "vergiss", "vergesse", "vergessen", "losche", "losch", "loschen", "streiche", "streich",
    "entferne", "entfernen",
    "olvida", "olvidate", "olvide", "borra", "borrar", "elimina", "eliminar",
    "oublie", "oublier", "efface", "effacer", "supprime", "supprimer",
    "esquece", "esqueca", "esquecer", "apaga", "apague", "apagar", "exclua",
    "olvides", "olvidar", "oublies", "oubliez", "esquecas", "vergesst",
];

/// What asks for it where it is denied: "don't remember".
#[rustfmt::skip]
pub(super) const KEEPING: [&str; 16] = [
    "remember", "keep", "save", "store", "memorise", "memorize", "merken", "merke", "erinnern",
    "recuerdes", "recordar", "guardes", "retenir", "souvenir", "lembrar", "lembres",
];

/// Before a verb, or right behind it: then it asks for the contrary.
#[rustfmt::skip]
pub(super) const NEGATIONS: [&str; 9] = [
    "not", "never", "dont", "nicht", "nie", "no", "ne", "n", "nao",
];

/// What stands around and means nothing by itself: it may narrow a choice, and is never needed.
pub(super) const LIGHT: &str = "\
forget delete erase remove scrap remember remembering know knew known told tell said say saying \
mentioned mention asked ask wrote noted note notes saved save stored store memory memories entry \
entries record records fact facts info information detail details thing things stuff bit part \
one ones anything something everything anymore again now already earlier before previously \
recently yesterday today ago last just actually longer ok okay please kindly coach hey hi sorry \
oops thanks thank bad old silly stupid whole entire about concerning regarding related relating \
referring want need like've let lets can't able go ahead trying matter subject topic issue issues \
business bits whatever instead anyway well yes yeah no right_now time times any more much there \
never mind list database file profile head mind your up out off over rid get got done \
vergiss losche bitte sache sachen ding dinge erzahlt gesagt erwahnt gespeichert gemerkt weisst \
weiss wissen nochmal alles etwas schon mehr vorhin gestern eben gerade doof dumm erinnerung \
erinnerungen eintrag notiz angeht betrifft bezuglich hin ubers kannst konntest wurdest mochte will wollen doch einfach dazu davon \
olvida borra elimina cosa cosas dije dicho conte contado mencione sabes recuerdas guardaste \
favor ya antes ayer todo toda algo nada tema asunto lo relacionado respecto puedes podrias quiero quisiera que \
oublie efface supprime chose choses dit raconte parle sais souviens histoire truc plait stp svp \
tout toute hier deja sujet propos concernant peux veux pourrais voudrais pouvez \
esquece esqueca apaga apague coisa coisas disse falei contei sabes sabe lembra favor ja tudo \
ontem antes assunto respeito historia pode podes poderia quero queria";

/// What names the sort of thing rather than the thing. A word of these that no memory has is set
/// aside.
pub(super) const SORTS: &str = "\
allergy injury problem problems trouble pain goal goals target preference preferences habit \
habits plan plans schedule routine diet condition situation story comment remark opinion \
complaint rule limit limitation restriction dislike hatred love aversion intolerance \
requirement constraint instruction feeling feelings \
allergie verletzung problem schmerzen schmerz ziel ziele vorliebe plan abneigung gewohnheit \
unvertraglichkeit \
alergia lesion problema dolor objetivo meta preferencia habito plan intolerancia \
blessure probleme douleur objectif preference habitude intolerance \
lesao problema dor objetivo preferencia habito intolerancia";

/// What points at what was said or saved last.
#[rustfmt::skip]
pub(super) const POINTERS: [&str; 26] = [
    "that", "it", "this", "last", "just", "das", "es", "dies", "letzte", "letzten", "gerade",
    "eben", "eso", "esto", "lo", "ultimo", "ultima", "ca", "cela", "dernier", "derniere", "isso",
    "isto", "la", "le", "those",
];

/// Everything that fits.
#[rustfmt::skip]
pub(super) const ALL: [&str; 24] = [
    "all", "both", "everything", "every", "anything", "alle", "alles", "beide", "beiden", "todo",
    "todos", "todas", "ambos", "ambas", "tout", "toute", "tous", "toutes", "deux", "tudo", "dois",
    "duas", "each", "jede",
];

/// Behind [`ALL`]: then nothing in particular is meant, but the athlete.
#[rustfmt::skip]
pub(super) const ABOUT_ME: [&str; 12] = [
    "me", "myself", "mich", "mir", "mi", "moi", "mim", "know", "memories", "weisst", "sabes",
    "sais",
];

/// Between parts that are judged each alone.
pub(super) const AND: [&str; 9] = ["and", "und", "sowie", "y", "e", "et", "plus", "also", "nor"];

/// The verb that chooses nothing.
#[rustfmt::skip]
pub(super) const NONE: [&str; 32] = [
    "none", "neither", "never mind", "nevermind", "nvm", "no", "nope", "nothing", "cancel", "stop",
    "none of them", "neither of them", "keep them", "keep both", "keep all", "keep it",
    "leave it", "leave them", "nein", "keine", "keins", "keines", "egal", "nichts", "ninguno",
    "ninguna", "nada", "aucun", "aucune", "non", "nenhum", "nao",
];

/// All that was offered.
#[rustfmt::skip]
pub(super) const EACH: [&str; 22] = [
    "all", "both", "them", "everything", "alle", "beide", "beiden", "ambos", "ambas", "todos",
    "todas", "tous", "toutes", "deux", "dois", "duas", "every", "each", "alles", "todo", "tout",
    "tudo",
];

pub(super) const YES: [&str; 12] = [
    "yes", "yep", "yeah", "sure", "ja", "genau", "si", "claro", "oui", "sim", "exactly", "correct",
];

/// Behind [`EACH`]: then what follows is kept.
#[rustfmt::skip]
pub(super) const BUT: [&str; 10] = [
    "except", "but", "not", "ausser", "nicht", "menos", "excepto", "sauf", "exceto", "salvo",
];

#[rustfmt::skip]
pub(super) const ORDINALS: [(usize, &str); 12] = [
    (1, "first 1st 1 one erste ersten erster erstes eins primero primera premier premiere primeiro \
         primeira"),
    (2, "second 2nd 2 two zweite zweiten zweiter zweites zwei segundo segunda dos deuxieme seconde"),
    (3, "third 3rd 3 three dritte dritten dritter drittes drei tercero tercera tres troisieme trois \
         terceiro terceira"),
    (4, "fourth 4th 4 four vierte vierten vierter vier cuarto cuarta cuatro quatrieme quatre quarto \
         quarta"),
    (5, "fifth 5th 5 five funfte funften funf quinto quinta cinco cinquieme cinq"),
    (6, "sixth 6th 6 six sechste sechsten sechs sexto sexta seis sixieme"),
    (7, "seventh 7th 7 seven siebte siebten sieben septimo septima siete septieme sept setimo"),
    (8, "eighth 8th 8 eight achte achten acht octavo octava ocho huitieme huit oitavo"),
    (9, "ninth 9th 9 nine neunte neunten neun noveno novena nueve neuvieme neuf nono"),
    (10, "tenth 10th 10 ten zehnte zehnten zehn decimo decima diez dixieme dix"),
    (11, "eleventh 11th 11 eleven elfte elf onze"),
    (usize::MAX, "last letzte letzten letzter ultimo ultima dernier derniere latter"),
];

/// What begins or ends an answer that means one of several.
#[rustfmt::skip]
pub(super) const MEANS_ONE: [&str; 14] = [
    "one", "ones", "option", "number", "nummer", "numero", "der", "die", "den", "el", "la", "le",
    "the", "o",
];
