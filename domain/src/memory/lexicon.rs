//! What single words count for when facts are told apart, in English, German, Spanish, French and
//! Portuguese. Words are folded: in lower case, without accents. It knows words, not texts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a word counts for, beside being a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    /// It says nothing that could be meant: "the", "my", "is", "with".
    Function,
    /// The same in another language than English.
    Elsewhere,
    /// The same there, but in English it means something.
    Perhaps,
    /// A number that is written out.
    Number(&'static str),
    /// A unit, or what a number may stand before.
    Unit(&'static str),
    Side(&'static str),
    Day(&'static str),
    /// A time of the day.
    Hour(&'static str),
    Not,
    Likes,
    Dislikes,
}

/// Returns what a folded word counts for; `None` for a word that only says what it says.
pub(super) fn sense(word: &str) -> Option<Sense> {
    LEXICON.get(word).copied()
}

/// Returns the unit that this is a word for.
pub(super) fn unit(word: &str) -> Option<&'static str> {
    match sense(word) {
        Some(Sense::Unit(unit)) => Some(unit),
        _ => SHORT_UNITS
            .iter()
            .find_map(|(short, unit)| (*short == word).then_some(*unit)),
    }
}

/// Returns who of the athlete's family, friends and animals this folded word names.
pub(super) fn person(word: &str) -> Option<&'static str> {
    let is_named = |(_, words): &&(&str, &str)| words.split(' ').any(|known| known == word);
    PEOPLE.iter().find(is_named).map(|(person, _)| *person)
}

const PEOPLE: [(&str, &str); 12] = [
    ("wife", "wife frau ehefrau esposa mujer femme epouse mulher"),
    ("husband", "husband mann ehemann esposo marido mari"),
    (
        "daughter",
        "daughter daughters tochter hija hijas fille filles filha filhas",
    ),
    ("son", "son sons sohn sohne hijo hijos fils filho filhos"),
    ("mother", "mother mum mom mutter mama madre mere mae"),
    ("father", "father dad vater papa padre pere pai"),
    (
        "brother",
        "brother brothers bruder hermano hermanos frere freres irmao irmaos",
    ),
    (
        "sister",
        "sister sisters schwester schwestern hermana hermanas soeur soeurs irma irmas",
    ),
    ("girlfriend", "girlfriend novia copine namorada"),
    ("boyfriend", "boyfriend novio copain namorado"),
    (
        "dog",
        "dog dogs hund hunde perro perros chien chiens cachorro cachorros",
    ),
    ("cat", "cat cats katze katzen gato gatos chat chats"),
];

static LEXICON: LazyLock<BTreeMap<&'static str, Sense>> = LazyLock::new(|| {
    let mut lexicon = BTreeMap::new();
    let mut enter = |words: &'static str, sense: Sense| {
        for word in words.split_whitespace() {
            lexicon.insert(word, sense);
        }
    };
    enter(ELSEWHERE, Sense::Elsewhere);
    enter(PERHAPS, Sense::Perhaps);
    enter(FUNCTION, Sense::Function);
    for (number, words) in NUMBERS {
        enter(words, Sense::Number(number));
    }
    for (unit, words) in UNITS {
        enter(words, Sense::Unit(unit));
    }
    for (side, words) in SIDES {
        enter(words, Sense::Side(side));
    }
    for (day, words) in DAYS {
        enter(words, Sense::Day(day));
    }
    for (hour, words) in HOURS {
        enter(words, Sense::Hour(hour));
    }
    enter(NOT, Sense::Not);
    enter(LIKES, Sense::Likes);
    enter(DISLIKES, Sense::Dislikes);
    lexicon
});

const FUNCTION: &str = "\
a an the and or but i im ive id ill me my mine myself you your yours we us our he him his she her \
it its they them their this that these those there here is am are was were be been being do does \
did have has had having will would shall should can could may might must of to in on at by for \
from with into onto about as if so than then too also just really very quite please some any all \
each every which who whom whose what when where how why because while during s";

/// The same in German, Spanish, French and Portuguese.
const ELSEWHERE: &str = "\
die mit fur hay dir mas der das den dem des ein eine einen einem einer eines und oder aber \
ich mich mir mein meine \
meinen meinem meiner meines du dich dein deine deinem deinen deiner deines er sie es wir uns \
unser ihr ihm ist sind waren \
habe haben hatte wird werde werden soll kann kannst konnen muss mussen darf von zu zum zur auf \
bei aus uber als wenn dass \
sehr auch nur bitte wie wo wer dieser diese dieses diesen ja mal el la los las lo un una unos \
unas y o pero yo mi mis tu tus te se su sus nos nuestro soy esta estoy ha tengo tiene de del \
al en con por para como si que muy tambien cuando donde este esto estos estas ese eso esa \
porque sobre puedo puede puedes pueden podemos debo debe le les une et ou mais je j moi m mon ma \
mes toi ta tes t il elle nous notre vous \
votre ils elles ce c cet cette ces est suis sont etait ai ont etre avoir d au aux dans sur \
avec par comme qu qui quoi quand l peux peut pouvons dois doit tres aussi seulement os um uma \
umas e eu mim meu minha meus \
minhas voce seu sua ele ela sao sou estou foi tem tenho da dos na nas em com pelo pela quem \
posso pode podem devo deve isso isto esse essa muito tambem ao aos";

/// What is a small word there, and means something in English.
const PERHAPS: &str = "son man war hat bin pour ton solo era";

const NUMBERS: [(&str, &str); 20] = [
    ("0", "zero null cero"),
    ("2", "two twice zwei zweimal dos deux dois duas"),
    ("3", "three thrice drei dreimal tres trois"),
    ("4", "four vier viermal cuatro quatre quatro"),
    ("5", "five funf cinco cinq"),
    ("6", "six sechs seis"),
    ("7", "seven sieben siete sept sete"),
    ("8", "eight acht ocho huit oito"),
    ("9", "nine neun nueve nove"),
    ("10", "ten zehn diez dix dez"),
    ("11", "eleven onze"),
    ("12", "twelve zwolf doce douze doze dozen"),
    ("15", "fifteen funfzehn quince quinze"),
    ("20", "twenty zwanzig veinte vingt vinte"),
    ("30", "thirty dreissig treinta trente trinta"),
    ("40", "forty vierzig cuarenta quarante quarenta"),
    ("50", "fifty funfzig cincuenta cinquante cinquenta"),
    ("60", "sixty sechzig sesenta soixante sessenta"),
    ("100", "hundred hundert cien cent cem"),
    (
        "1/2",
        "half halb halbe medio media demi demie semi meio meia",
    ),
];

const UNITS: [(&str, &str); 22] = [
    (
        "kg",
        "kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes quilo quilos",
    ),
    ("lb", "lb lbs pound pounds pfund libra libras livre livres"),
    (
        "km",
        "km kms kilometer kilometern kilometers kilometre kilometres kilometro \
         kilometros quilometros",
    ),
    (
        "mi",
        "mile miles meile meilen milla millas mille milha milhas",
    ),
    ("m", "meter meters metre metres metro metros"),
    (
        "cm",
        "cm centimeter centimeters centimetre centimetres zentimeter centimetros",
    ),
    ("ft", "ft feet foot"),
    ("in", "inch inches"),
    ("min", "min mins minute minutes minuten minuto minutos"),
    (
        "h",
        "hr hrs hour hours stunde stunden hora horas heure heures uhr",
    ),
    (
        "s",
        "sec secs second seconds sekunde sekunden segundo segundos seconde secondes",
    ),
    ("day", "day days tag tage tagen dia dias jour jours"),
    (
        "week",
        "week weeks woche wochen semana semanas semaine semaines",
    ),
    ("month", "month months monat monate meses mois"),
    (
        "year",
        "year years jahr jahre jahren ano anos ans annee annees",
    ),
    ("time", "time times mal veces vez fois vezes"),
    (
        "rep",
        "rep reps wiederholungen repeticiones repetitions repeticoes",
    ),
    ("set", "sets satze series"),
    ("round", "round rounds runden rondas tours"),
    ("kcal", "kcal cal calories kalorien calorias"),
    ("g", "gram grams gramm gramos grammes gramas"),
    ("ml", "ml"),
];

/// Units only right behind a number: elsewhere they are something else.
const SHORT_UNITS: [(&str, &str); 11] = [
    ("am", "am"),
    ("pm", "pm"),
    ("k", "km"),
    ("m", "m"),
    ("mi", "mi"),
    ("h", "h"),
    ("s", "s"),
    ("g", "g"),
    ("x", "time"),
    ("l", "l"),
    ("in", "in"),
];

const SIDES: [(&str, &str); 8] = [
    (
        "left",
        "left links linke linken linker linkes linkem izquierdo izquierda izquierdos izquierdas \
         gauche gauches esquerdo esquerda esquerdos esquerdas",
    ),
    (
        "right",
        "right rechts rechte rechten rechter rechtes rechtem derecho derecha derechos derechas \
         droit droite droits droites direito direita direitos direitas",
    ),
    (
        "upper",
        "upper obere oberen oberer superior superiores superieur superieure",
    ),
    (
        "lower",
        "lower untere unteren unterer inferior inferiores inferieur inferieure lumbar",
    ),
    (
        "inner",
        "inner innere inneren interior interne interieur interna interno",
    ),
    (
        "outer",
        "outer aussere ausseren exterior externe exterieur externa externo",
    ),
    ("front", "front vordere vorderen delantero delantera"),
    ("rear", "rear hintere hinteren trasero trasera"),
];

const DAYS: [(&str, &str); 21] = [
    (
        "mon",
        "monday mondays montag montags lunes lundi lundis segunda segundas",
    ),
    (
        "tue",
        "tuesday tuesdays tues dienstag dienstags martes mardi mardis terca tercas",
    ),
    (
        "wed",
        "wednesday wednesdays wed mittwoch mittwochs miercoles mercredi mercredis quarta",
    ),
    (
        "thu",
        "thursday thursdays thu thur thurs donnerstag donnerstags jueves jeudi jeudis quinta",
    ),
    (
        "fri",
        "friday fridays fri freitag freitags viernes vendredi vendredis sexta sextas",
    ),
    (
        "sat",
        "saturday saturdays sat samstag samstags sonnabend sabado sabados samedi samedis",
    ),
    (
        "sun",
        "sunday sundays sonntag sonntags domingo domingos dimanche dimanches",
    ),
    ("weekday", "weekday weekdays werktags wochentags"),
    ("weekend", "weekend weekends wochenende wochenenden finde"),
    ("jan", "january januar enero janvier janeiro"),
    ("feb", "february februar febrero fevrier fevereiro"),
    ("mar", "march marz marzo mars marco"),
    ("apr", "april abril avril"),
    ("jun", "june juni junio juin junho"),
    ("jul", "july juli julio juillet julho"),
    ("aug", "august agosto aout"),
    ("sep", "september septiembre septembre setembro"),
    ("oct", "october oktober octubre octobre outubro"),
    ("nov", "november noviembre novembre novembro"),
    ("dec", "december dezember diciembre decembre dezembro"),
    ("may", "mai mayo maio"),
];

const HOURS: [(&str, &str); 6] = [
    (
        "morning",
        "morning mornings morgens vormittag vormittags manana mananas matin matins manha",
    ),
    (
        "noon",
        "noon midday lunch lunchtime mittag mittags mediodia midi",
    ),
    (
        "afternoon",
        "afternoon afternoons nachmittag nachmittags tarde tardes",
    ),
    ("evening", "evening evenings abend abends soir soirs"),
    (
        "night",
        "night nights nacht nachts noche noches nuit noite noites",
    ),
    ("dawn", "dawn sunrise morgengrauen amanecer aube"),
];

const NOT: &str = "\
not no never none nothing nor neither without cannot cant dont doesnt didnt wont isnt arent wasnt \
werent havent hasnt shouldnt couldnt wouldnt aint stopped quit \
nicht kein keine keinen keinem keiner nie niemals nichts ohne \
nunca jamas sin nada tampoco menos salvo excepto \
ne n pas jamais sans aucun aucune rien \
nao sem nenhum nenhuma exceto sauf ausser except";

const LIKES: &str = "\
like likes liked love loves loved enjoy enjoys loving liking prefer prefers preferred favourite \
favorite adore \
adores fan \
mag mogen liebe liebt bevorzuge bevorzugt gern gerne lieber lieblings \
gusta gustan encanta encantan prefiero prefiere amo adoro favorito favorita \
aime aimes aiment prefere prefere prefere adores \
gosto gosta prefiro ama adora curto \
stand soporto soporta suporto suporta ausstehen supporte";

const DISLIKES: &str = "\
hate hates hated hating disliking dislike dislikes disliked loathe loathes despise despises \
detest detests avoid \
avoids \
hasse hasst verabscheue vermeide \
odio odia detesto detesta evito \
deteste hais evite \
odeio odeia";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_for_what_it_is_in_whatever_language_it_is() {
        for (word, expected) in [
            ("left", Some(Sense::Side("left"))),
            ("linke", Some(Sense::Side("left"))),
            ("derecha", Some(Sense::Side("right"))),
            ("lundi", Some(Sense::Day("mon"))),
            ("nao", Some(Sense::Not)),
            ("hasse", Some(Sense::Dislikes)),
            ("aime", Some(Sense::Likes)),
            ("trois", Some(Sense::Number("3"))),
            ("pounds", Some(Sense::Unit("lb"))),
            ("the", Some(Sense::Function)),
            ("knee", None),
        ] {
            assert_eq!(sense(word), expected, "{word}");
        }
        assert_eq!(
            (unit("k"), unit("kilos"), unit("knee")),
            (Some("km"), Some("kg"), None)
        );
        assert_eq!(sense("k"), None, "only behind a number");
    }
}
