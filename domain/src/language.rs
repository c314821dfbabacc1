//! Languages that the coach's own words are there in, and which of them somebody writes.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::wording::Written;
use crate::{Body, Message};

/// A language that the coach has words of its own in. A model speaks others, too.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Portuguese.
    Pt,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::En, Self::De, Self::Es, Self::Fr, Self::Pt];

    /// Returns its code by ISO 639.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::Pt => "pt",
        }
    }

    /// Returns the language of this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// Returns what a text is written in; `None` if it has fewer than four words, or if that is
    /// not clear.
    pub fn of(text: &str) -> Option<Self> {
        Self::of_written(&Written::of(text))
    }

    /// Returns the language of the newest of these messages that says which.
    pub fn of_conversation(history: &[Message]) -> Option<Self> {
        history
            .iter()
            .rev()
            .find_map(|message| match &message.body {
                Body::User { text, .. } => Self::of(text),
                Body::Assistant { .. } | Body::Unreadable => None,
            })
    }

    pub(crate) fn of_written(written: &Written) -> Option<Self> {
        let words: Vec<&str> = written.words().take(LOOKED_AT).collect();
        if words.len() < FEWEST_WORDS {
            return None;
        }
        let mut known: BTreeMap<Self, usize> = BTreeMap::new();
        for language in words.iter().filter_map(|word| COMMON.get(word)).flatten() {
            *known.entry(*language).or_default() += 1;
        }
        let mut scores: BTreeMap<usize, Vec<Self>> = BTreeMap::new();
        for (language, score) in known {
            scores.entry(score).or_default().push(language);
        }
        match scores.last_key_value() {
            Some((score, best)) if *score >= FEWEST_KNOWN => match best.as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            Some(_) | None => None,
        }
    }

    /// Returns the words that are everywhere in it, as they are compared.
    fn commonest(self) -> &'static str {
        match self {
            Self::En => ENGLISH,
            Self::De => GERMAN,
            Self::Es => SPANISH,
            Self::Fr => FRENCH,
            Self::Pt => PORTUGUESE,
        }
    }
}

/// The words that are everywhere in a language, and in which ones.
static COMMON: LazyLock<HashMap<&'static str, Vec<Language>>> = LazyLock::new(|| {
    let mut common: HashMap<&'static str, Vec<Language>> = HashMap::new();
    for language in Language::ALL {
        for word in language.commonest().split_whitespace() {
            common.entry(word).or_default().push(language);
        }
    }
    common
});

const FEWEST_WORDS: usize = 4;
/// Fewer of the commonest words may be of any language.
const FEWEST_KNOWN: usize = 2;
/// What a text begins with is enough.
const LOOKED_AT: usize = 200;

const ENGLISH: &str = "the a an i im ive my me you your is are was were am be been have has had \
    do did does dont didnt to of and or but in on at for with this that it its what how why when \
    should can could would will just not today yesterday after before from about feel want going \
    get got really so than then there they we he she cant wont isnt need help please give make \
    made know think like love take more some any much many too out up down over all no our who \
    which forget remember skip day week next every leg legs knee ran run felt feels go let lets";
const GERMAN: &str = "ich du mein meine meinen meinem mich mir dich dir der die das den dem ein \
    eine einen einem ist sind war bin habe hab hatte haben und oder aber nicht kein keine mit \
    auf fur zu zum zur im in am von nach vor beim bei wie was warum soll kann will mochte heute \
    gestern morgen noch schon auch nur sehr wenn dass es wir sie er geht mal seit bitte tut weh \
    alles brauche brauchst gib wieviel viel liebe gern merk vergiss jetzt immer wieder kannst \
    dann doch hier meiner meines dein deine unter uber aus ganz etwas man wird werde gut \
    training kniebeugen kreuzheben knie woche montag";
const SPANISH: &str = "yo tu mi mis me te el la los las un una es son fue soy estoy esta tengo \
    tiene he ha y o pero no con sin en de del al para por que como cuando cuanto puedo quiero \
    hoy ayer muy mas ya se lo le desde despues antes hago hice porque si hola mucho dame \
    necesito gusta gustan entreno manana otra vez hay nada todo esto eso tus nos hasta sobre \
    tambien bien hacer ayudame recuerda olvida rodilla piernas sentadillas este estos ahora \
    siempre nunca tan corri dia peso voy vamos muerto dominadas vida";
const FRENCH: &str = "je j tu mon ma mes me te le la les l un une est sont suis ai a as et ou \
    mais ne pas plus avec sans dans de du des au aux pour par que qu comment quand combien puis \
    peux veux hier aujourd hui tres depuis apres avant fait ce c cette il elle on nous vous en \
    sur moi quoi d n s oublie stp fais faut bien tout rien aussi jambes genou cours avoir etre \
    tes ton ta leur ces cet jamais toujours encore maintenant souviens donne aime peur besoin \
    envie";
const PORTUGUESE: &str = "eu voce meu minha meus minhas me o a os as um uma e sao foi sou estou \
    esta tenho tem ou mas nao com sem em no na nos nas de do da dos das para pra por que como \
    quando quanto posso quero hoje ontem muito mais ja se depois antes fiz faco porque ao ate \
    isso fui amanha treino perna novo preciso tambem bem fazer tudo nada gosto joelho agora \
    sempre nunca vc pro num esse essa este corri seu sua lembra esquece perder todo toda dia \
    penso pode ajudar";

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: [(&str, Option<Language>); 32] = [
        ("I don't want to run in the rain today", Some(Language::En)),
        ("My knee hurts after the squats", Some(Language::En)),
        ("what should I eat before a race", Some(Language::En)),
        ("Ich habe heute Kniebeugen gemacht", Some(Language::De)),
        ("Mein Knie tut nach dem Laufen weh", Some(Language::De)),
        ("wie oft soll ich trainieren", Some(Language::De)),
        ("Hoy hice sentadillas con mi hermano", Some(Language::Es)),
        ("Me duele la rodilla cuando corro", Some(Language::Es)),
        ("¿Cuánto debo comer antes de correr?", Some(Language::Es)),
        ("J'ai mal au genou depuis hier", Some(Language::Fr)),
        ("Je n'ai plus envie de courir", Some(Language::Fr)),
        ("Comment améliorer mon squat ?", Some(Language::Fr)),
        ("Não consigo correr hoje", Some(Language::Pt)),
        ("Meu joelho dói depois do treino", Some(Language::Pt)),
        ("o que devo comer antes da corrida", Some(Language::Pt)),
        ("Ich möchte nach dem Lauf essen", Some(Language::De)),
        ("ich moechte fuer den Lauf essen", Some(Language::De)),
        ("give me a leg workout", Some(Language::En)),
        ("need help with pull ups please", Some(Language::En)),
        ("wieviel Protein brauche ich", Some(Language::De)),
        ("mir tut alles weh", Some(Language::De)),
        ("dame un plan de piernas", Some(Language::Es)),
        ("mañana entreno piernas otra vez", Some(Language::Es)),
        ("oublie mon genou stp", Some(Language::Fr)),
        ("amanhã treino perna de novo", Some(Language::Pt)),
        ("thanks", None),
        ("no quiero vivir", None),
        ("back squat 5x5 100 kg RPE 8", None),
        ("Fran 4:12 Rx PR", None),
        ("", None),
        ("📈 💪 🔥 👍 🏃", None),
        ("Я хочу бегать каждый день", None),
    ];

    #[test]
    fn a_language_is_known_by_its_commonest_words() {
        for (text, expected) in WRITTEN {
            assert_eq!(Language::of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn codes_name_all_languages() {
        for language in Language::ALL {
            assert_eq!(Language::from_code(language.code()), Some(language));
            let wire = serde_json::to_value(language).unwrap();
            assert_eq!(wire, language.code());
        }
        assert_eq!(Language::from_code("it"), None);
    }
}
