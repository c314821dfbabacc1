//! The words around what is to be forgotten, in five languages, folded as `stem::folded` does it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::memory::stem::stem;

/// Words to be found, whatever their endings.
pub(super) struct Words {
    written: BTreeSet<&'static str>,
    stems: BTreeSet<String>,
}

impl Words {
    fn of(list: &'static str) -> Self {
        let written: BTreeSet<&str> = list.split_whitespace().collect();
        let stems = written.iter().map(|word| stem(word)).collect();
        Self { written, stems }
    }

    /// Returns whether this folded word is among them; a short one only as it is.
    pub(super) fn has(&self, word: &str) -> bool {
        self.written.contains(word) || (word.len() > 4 && self.stems.contains(&stem(word)))
    }

    /// Returns whether this folded word is among them as it is.
    pub(super) fn has_exactly(&self, word: &str) -> bool {
        self.written.contains(word)
    }
}

pub(super) static LIGHT: LazyLock<Words> = LazyLock::new(|| Words::of(LIGHT_WORDS));
pub(super) static SORTS: LazyLock<Words> = LazyLock::new(|| Words::of(SORT_WORDS));
pub(super) static OVER: LazyLock<Words> = LazyLock::new(|| Words::of(OVER_WORDS));

/// What each word means that may be said in other words, too; what is meant by it first.
static MEANINGS: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut meanings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (concept, words) in CONCEPTS {
        for word in words.split_whitespace() {
            meanings.entry(word).or_default().push(concept);
        }
    }
    meanings
});

/// Returns what a folded word means that may be said in other words, too; what is meant by it
/// first.
pub(super) fn concepts(word: &str) -> &'static [&'static str] {
    MEANINGS.get(word).map(Vec::as_slice).unwrap_or_default()
}

/// What asks for something to be forgotten.
#[rustfmt::skip]
pub(super) const VERBS: [&str; 61] = [
    "forget", "forgetting", "delete", "erase", "remove", "scrap", "unremember", "discard", "wipe",
    "drop", "clear", "purge", "disregard", 
    "vergiss", "vergesse", "vergessen", "losche", "losch", "loschen", "streiche", "streich",
    "entferne", "entfernen",
    "olvida", "olvidate", "olvide", "borra", "borrar", "elimina", "eliminar",
    "oublie", "oublier", "efface", "effacer", "supprime", "supprimer",
    "esquece", "esqueca", "esquecer", "apaga", "apague", "apagar", "exclua",
    "olvides", "olvidar", "borralo", "olvidalo", "olvidalas", "streichen", "oublies",
    "oubliez", "esquecas", "vergesst", "4get", "unlearn", "scratch", "strike", "rid", "vergess",
    "borres", "elimines",
];

/// Forms of these verbs that tell, and do not ask.
#[rustfmt::skip]
pub(super) const TOLD: [&str; 28] = [
    "forgot", "forgotten", "forgets", "deleted", "erased", "removed", "cleared", "wiped",
    "vergisst", "vergass", "geloscht", "gestrichen", "entfernt", "olvidaste", "olvidado", "olvido",
    "olvidas", "borraste", "borrado", "borro", "effaces", "supprimes", "esqueceu", "esquecido",
    "esqueceste", "esqueci", "apagou", "apagado",
];

/// Before such a verb: then it asks or tells what was or is forgotten.
#[rustfmt::skip]
pub(super) const OFTEN: [&str; 20] = [
    "did", "does", "didn't", "always", "often", "sometimes", "constantly", "keep", "ever",
    "usually", "immer", "oft", "standig", "siempre", "toujours", "sempre", "why", "warum",
    "porque", "pourquoi",
];

/// Who wishes for it asks for it, in whatever form.
#[rustfmt::skip]
pub(super) const WISHES: [&str; 24] = [
    "want", "wants", "like", "need", "needs", "please", "let", "should", "must", "get", "be",
    "can", "could", "would", "kannst", "konntest", "bitte", "will", "mochte", "soll", "quiero",
    "quero", "veux", "dejes",
];

/// Beside a negation: "I don't want you to forget".
#[rustfmt::skip]
pub(super) const WANTS: [&str; 12] = [
    "want", "wanna", "let", "like", "wish", "will", "mochte", "quiero", "dejes", "veux", "quero",
    "deixe",
];

/// What takes back what was said right before it.
#[rustfmt::skip]
pub(super) const CORRECTIONS: [&str; 35] = [
    "no wait", "wait no", "i meant", "i mean", "no sorry", "sorry no", "no no", "or rather",
    "make that", "correction", "wait i", "hang on", "nein warte", "nein doch", "ich meine",
    "ich meinte", "quatsch", "besser gesagt", "quiero decir", "queria decir", "quise decir",
    "mejor dicho", "perdon no", "no perdon", "digo", "je veux dire", "je voulais dire",
    "enfin non", "non attends", "quero dizer", "quer dizer", "quis dizer", "queria dizer",
    "ou melhor", "alias",
];

/// What asks for it where it is denied: "don't remember".
#[rustfmt::skip]
pub(super) const KEEPING: [&str; 20] = [
    "remember", "keep", "keeping", "remembering", "saving", "know", "save", "store",
    "memorise", "memorize", "merken", "merke", "erinnern",
    "recuerdes", "recordar", "guardes", "retenir", "souvenir", "lembrar", "lembres",
];

/// Laughter parts sentences where nothing else does.
pub(super) const LAUGHTER: [&str; 8] = [
    "jaja", "jajaja", "haha", "hahaha", "lol", "kkk", "kkkk", "mdr",
];

/// Before a verb, or right behind it: then it asks for the contrary.
#[rustfmt::skip]
pub(super) const NEGATIONS: [&str; 26] = [
    "not", "never", "dont", "nicht", "nie", "no", "ne", "n", "nao", "nunca", "jamais", "niemals",
    "nich", "jamas", "stop", "dnt", "donot", "don", "dont'", "lest", "ocurra", "pas", "didnt",
    "nit", "net", "ñ",
];

/// What stands around and means nothing by itself: it may narrow a choice, and is never needed.
const LIGHT_WORDS: &str = "\
forget delete erase remove scrap remember remembering know knew known told tell said say saying \
mal dos \
mentioned mention asked ask wrote noted note notes saved save stored store memory memories entry \
entries fact facts info information detail details thing things stuff bit part \
one ones anything something everything anymore again now already earlier previously \
recently yesterday today ago last just actually longer ok okay please kindly coach hey hi sorry \
oops thanks thank bad silly stupid whole entire about concerning regarding related relating \
referring want like've let lets can't able go ahead trying matter subject topic issue issues \
business bits whatever instead anyway well yes yeah no \
 abt tbh dat only ever get u mind ca cela laisse tomber deixa pra acabo acabei acabe viens dire \
 decir dizer memoria memoire gedachtnis data datos daten donnees dados brauchst brauch \
 your rid pls plz em \
wat bout hv gone its kinda sorta lol haha ta cheers also both number nearly that's here there's hi \
vergiss losche bitte sache sachen ding dinge erzahlt gesagt erwahnt gespeichert gemerkt weisst \
weiss wissen nochmal alles etwas schon mehr vorhin gestern eben gerade doof dumm erinnerung \
erinnerungen eintrag notiz angeht betrifft bezuglich hin ubers kannst konntest wurdest \
mochte will wollen doch einfach dazu davon wieder mir dir hab bezug zu \
olvida borra elimina cosa cosas dije dicho conte contado mencione sabes recuerdas guardaste \
favor ya antes ayer todo toda algo nada tema asunto lo relacionado respecto puedes podrias \
quiero quisiera que porfa eso ahi \
oublie efface supprime chose choses dit raconte parle sais souviens histoire truc plait stp svp \
tout toute hier deja sujet propos concernant peux veux pourrais voudrais pouvez ce \
esquece esqueca apaga apague coisa coisas disse falei contei sabes sabe lembra favor ja tudo \
ontem antes assunto respeito historia pode podes poderia quero queria negocio ai tira ta";

/// What names the sort of thing rather than the thing. A word of these that no memory has is set
/// aside.
const SORT_WORDS: &str = "\
name names time times numbers record records age weight pace max best pb pr target \
dislocation op session \
sessions day days medicine medicines medication pills drug \
allergy injury problem problems trouble pain goal goals target preference preferences habit \
habits plan plans schedule routine diet condition situation story comment remark opinion \
complaint rule limit limitation restriction dislike hatred love aversion intolerance \
requirement constraint instruction feeling feelings \
allergie verletzung problem schmerzen schmerz ziel ziele vorliebe plan abneigung gewohnheit \
unvertraglichkeit \
alergia lesion problema dolor objetivo meta preferencia habito plan intolerancia \
blessure probleme douleur objectif preference habitude intolerance \
lesao problema dor objetivo preferencia habito intolerancia";

/// What tells that something holds no more. It says why, not what.
const OVER_WORDS: &str = "\
fine gone over sold finished healed better good done ended old ancient history changed stopped \
quit moved isn aren doesn friends anymore longer so of test negative negativ war recovered \
sorted any more there not no \
they took me off all well hundred bother \
gut wieder mehr vorbei weg verheilt fertig erledigt nicht kein keine gibts fallt aus besser ok \
bien mejor terminado acabado vendi ya no mas curado \
fini regle guerie gueri mieux plus pas est c va termine vendu maintenant \
bom boa melhor acabou vendi mais nao ja curado sarou saiu sai fiz faco";

/// What begins a sentence that tells why: "forget Tim, we aren't friends any more".
#[rustfmt::skip]
pub(super) const SUBJECTS: [&str; 24] = [
    "i", "it", "its", "we", "they", "he", "she", "ich", "es", "er", "wir", "yo", "je", "il",
    "elle", "eu", "ele", "ela", "now", "ahora", "jetzt", "maintenant", "agora", "to",
];

/// What says that something belongs to what was said first: "high blood pressure, takes ramipril".
#[rustfmt::skip]
pub(super) const TAKES: [&str; 12] = [
    "takes", "take", "nimmt", "nehme", "toma", "tomo", "prend", "prends", "uses",
    "sous", "on", "unter",
];

/// What tells one of several, so that there are others.
#[rustfmt::skip]
pub(super) const OF_SEVERAL: [&str; 15] = [
    "older", "elder", "oldest", "younger", "youngest", "first", "second", "other", "altere",
    "jungere", "mayor", "menor", "aine", "ainee", "cadet",
];

/// Words in which something is kept of what would be meant.
#[rustfmt::skip]
pub(super) const KEEPS: [&str; 18] = [
    "keep", "stays", "stay", "behalte", "behalten", "bleibt", "guarda", "mantem", "manten", "deja",
    "garde", "gardez", "fica", "keeps",
    "excepted", "excluded", "ausgenommen", "exceptuando",
];

/// What follows these is kept, or all that goes but for it.
#[rustfmt::skip]
pub(super) const EXCEPT: [&str; 11] = [
    "except", "excepting", "excluding", "ausser", "excepto", "salvo", "sauf", "exceto",
    "excepte", "menos", "hormis",
];

/// The same in several words.
#[rustfmt::skip]
pub(super) const EXCEPTING: [&str; 9] = [
    " apart from ", " other than ", " aside from ", " with the exception of ", " bis auf ",
    " à part ", " a part ", " aparte de ", " a não ser ",
];

/// What follows is kept if it is denied, or if all the rest is meant.
pub(super) const ALTHOUGH: [&str; 6] = ["but", "aber", "sondern", "pero", "mais", "mas"];

/// Two of what is named: then all of it is meant.
pub(super) const TWO: [&str; 6] = ["two", "zwei", "dos", "deux", "dois", "duas"];

/// What is said in several words: a request and a memory may each have another.
#[rustfmt::skip]
const CONCEPTS: [(&str, &str); 11] = [
    ("@butterfly", "butterfly fly papillon mariposa schmetterling borboleta"),
    ("@competition", "competition competitions comp compet wettkampf competicion competicao"),
    ("@physio", "physio physiotherapy physiotherapist fisio fisioterapia kine"),
    ("@pregnancy", "pregnancy pregnant schwanger schwangerschaft embarazo embarazada grossesse \
                    enceinte gravidez gravida"),
    ("@surgery", "surgery operation operated op operiert operacion operado operada opere operee \
                  chirurgie cirurgia"),
    ("@name", "name names called heisst heissen namen llama llaman nombre nombres appelle prenom \
               prenoms nom chama nome nomes"),
    ("@weight", "weight weigh weighs weighing gewicht wiege wiegt peso pesa pese poids"),
    ("@age", "age old aged alter alt edad idade anos ans"),
    ("@goal", "goal goals target aim ziel ziele objetivo objetivos meta metas objectif objectifs \
               wants want veut veux quiere quer mochte"),
    ("@best", "pb pbs pr prs best record records bestwert bestzeit bestleistung bestzeiten \
               bestleistungen rekord rekorde marca marcas recorde recordes"),
    // A best is a maximum, too, but not every maximum is a best.
    ("@max", "max maximum maximo maxima maximos maximas pb pbs pr prs best record records bestwert \
              bestzeit bestleistung bestzeiten bestleistungen rekord rekorde \
              marca marcas recorde recordes"),
];

/// What points at what was said or saved last.
#[rustfmt::skip]
pub(super) const POINTERS: [&str; 30] = [
    "that", "it", "this", "last", "just", "das", "es", "dies", "letzte", "letzten", "gerade",
    "eben", "eso", "esto", "lo", "ultimo", "ultima", "ca", "cela", "dernier", "derniere", "isso",
    "isto", "la", "le", "those", "viens", "acabo", "acabe", "acabei",
];

/// The athlete.
pub(super) const ME: [&str; 6] = ["me", "myself", "mich", "mi", "moi", "mim"];

/// With these, "me" is who was told.
#[rustfmt::skip]
pub(super) const TOLD_ME: [&str; 12] = [
    "told", "tell", "gave", "asked", "showed", "sent", "gesagt", "dijiste", "dit", "disse", "for",
    "from",
];

/// What a sentence of its own has behind its subject.
#[rustfmt::skip]
pub(super) const IS: [&str; 9] = [
    "is", "are", "was", "were", "ist", "sind", "war", "est", "sont",
];

/// Between what may be the one or the other.
pub(super) const OR: [&str; 3] = ["or", "oder", "ou"];

/// One of several, without saying which.
#[rustfmt::skip]
pub(super) const ONE_OF: [&str; 12] = [
    " one of my ", " one of the ", " one of them ", " one of those ", " either of ", " eins von ",
    " eines von ", " uno de mis ", " una de mis ", " un de mes ", " une de mes ", " um dos meus ",
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
pub(super) const ABOUT_ME: [&str; 18] = [
    "me", "myself", "mich", "mir", "mi", "moi", "mim", "know", "memories", "weisst", "sabes",
    "sais", "sabe", "data", "datos", "daten", "donnees", "dados",
];

/// Between parts that are judged each alone.
#[rustfmt::skip]
pub(super) const AND: [&str; 15] = [
    "and", "und", "sowie", "y", "e", "et", "plus", "also", "nor", "or", "oder", "ou", "ni",
    "n", "so",
];

/// What chooses nothing, with nothing but [`FILLS`] around it.
#[rustfmt::skip]
pub(super) const DECLINES: [&str; 39] = [
    "none", "neither", "no", "nope", "nah", "nothing", "cancel", "stop", "nevermind", "nvm", "nm",
    "keep", "leave", "nein", "ne", "nee", "keine", "keins", "keines", "keinen", "egal", "nichts",
    "lass", "behalte", "ninguno", "ninguna", "nada", "dejalo", "dejala", "dejalas", "aucun",
    "aucune", "non", "rien", "nenhum", "nenhuma", "nao", "deixa", "skip",
];

/// What stands around a choice, and chooses nothing by itself.
#[rustfmt::skip]
pub(super) const FILLS: [&str; 78] = [
    "please", "pls", "plz", "ok", "okay", "thanks", "thank", "you", "thx", "ty", "just",
    "actually", "oh", "ah", "um", "hm", "well", "coach", "of", "it", "them", "those", "these",
    "now", "for", "the", "is", "think", "would", "be", "want", "bitte", "danke", "davon", "von",
    "es", "sie", "alles", "doch", "ist", "por", "favor", "gracias", "las", "los", "de", "ellas",
    "ellos", "merci", "stp", "svp", "des", "les", "d", "entre", "dos", "das", "dois", "duas",
    "elas", "eles", "obrigado", "obrigada", "isso", "ne", "pra", "os", "as", "em", "hmm", "guess",
    "opcion", "opcao", "above", "alone", "anything", "so", "do",
];

/// What chooses nothing as it is.
#[rustfmt::skip]
pub(super) const DECLINED: [&str; 30] = [
    "never mind", "nevermind", "not now", "forget it", "forget that", "do not", "not any", "nicht",
    "do not forget any", "do not forget any of them", "do not forget them", "schon gut",
    "vergiss es", "weder noch", "passt schon", "da igual", "olvidalo", "ni una ni otra",
    "ni uno ni otro", "laisse tomber", "laisse", "ni l un ni l autre", "ca va", "oublie",
    "deixa pra la", "deixa para la", "esquece", "tanto faz", "nem um nem outro", "nenhum dos dois",
];

/// All that was offered.
#[rustfmt::skip]
pub(super) const EACH: [&str; 23] = [
    "all", "both", "them", "everything", "alle", "beide", "beiden", "ambos", "ambas", "todos",
    "todas", "tous", "toutes", "deux", "dois", "duas", "every", "each", "alles", "todo", "tout",
    "tudo", "beides",
];

#[rustfmt::skip]
pub(super) const YES: [&str; 19] = [
    "yes", "yep", "yeah", "yup", "sure", "ja", "jo", "genau", "klar", "si", "claro", "vale", "oui",
    "ouais", "sim", "exactly", "correct", "go", "ok",
];

/// Between the places of a range.
pub(super) const UNTIL: [&str; 7] = ["to", "till", "until", "through", "bis", "hasta", "ate"];

/// Both of two, and not of more.
pub(super) const MANY: [&str; 8] = [
    "both", "beide", "beiden", "beides", "ambos", "ambas", "deux", "dois",
];

/// Between or around places.
#[rustfmt::skip]
pub(super) const BETWEEN: [&str; 46] = [
    "i", "mean", "meant", "to", "el", "a", "that", "delete", "forget", "erase", "remove", "only",
    "its", "im", "do", "ahead", "my", "answer", "ich", "meine", "meinte", "nur", "das", "vergiss",
    "losche", "dem", "solo", "quiero", "olvida", "borra", "la", "juste", "seulement", "oublie",
    "efface", "celui", "celle", "so", "esquece", "apaga", "em", "numbers", "nr", "nummern", "teh",
    "numeros",
];

#[rustfmt::skip]
pub(super) const ORDINALS: [(usize, &str); 12] = [
    (1, "first 1st 1 one former erste ersten erster erstes eins primero primera premier premiere \
         primeiro primeira"),
    (2, "second 2nd 2 two zweite zweiten zweiter zweites zwei segundo segunda dos deuxieme \
         seconde"),
    (3, "third 3rd 3 three dritte dritten dritter drittes drei tercero tercera tres troisieme \
         trois terceiro terceira"),
    (4, "fourth 4th 4 four vierte vierten vierter vier cuarto cuarta cuatro quatrieme quatre \
         quarto quarta"),
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
