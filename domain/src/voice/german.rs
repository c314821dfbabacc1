//! German.

use super::table::{CommandWords, MemoryWords, Refusals, Words};

pub(super) const WORDS: Words = Words {
    plain: [
        "Ich höre dich.",
        "Ich kümmere mich darum.",
        "Gut, ich bin bei dir.",
        "Verstanden.",
        "Okay, schauen wir es uns an.",
    ],
    keen: [
        "Also los, an die Arbeit.",
        "Alles klar, los geht's.",
        "Gut, packen wir es an.",
        "Machen wir etwas daraus.",
    ],
    thanks: "Gern geschehen.",
    goodbye: "Mach's gut.",
    injury: "Gut, dass du es sagst.",
    illness: "Danke, dass du es mir sagst.",
    grief: "Das tut mir sehr leid.",
    emergency: "Das geht jedem Training vor.",
    crisis: "Ich bin froh, dass du mir das sagst.",
    emergency_help: "Hör jetzt mit allem auf. Wenn es gerade passiert oder schlimmer wird, ruf die \
        Notrufnummer deines Landes an, und warte nicht allein.",
    crisis_help: "Du musst das nicht allein tragen. Wenn du dir etwas antun könntest oder in \
        Gefahr bist, ruf jetzt die Notrufnummer deines Landes an, oder jemanden, dem du vertraust, \
        und bleib nicht allein.",
    not_kept: "Ich habe diese Nachricht weder eingetragen noch behalten; /log-workout und \
        /save-memory tun das, wenn du es willst.",
    help: "Sprich einfach mit mir, oder beginne eine Nachricht mit einem davon:",
    log_workout: CommandWords {
        takes: " <was du gemacht hast>",
        does: "trägt ein fertiges Training ein",
        hint: "Sag mir, was du gemacht hast, etwa so: /log-workout Kniebeugen 5x5 mit 100 kg, \
            RPE 8",
    },
    save_memory: CommandWords {
        takes: " <was ich mir merken soll>",
        does: "sorgt dafür, dass ich mir etwas über dich merke",
        hint: "Sag mir, was ich mir merken soll, etwa so: /save-memory mein linkes Knie mag \
            keine tiefen Ausfallschritte",
    },
    forget: CommandWords {
        takes: " <was ich vergessen soll>",
        does: "lässt mich vergessen, was am besten passt",
        hint: "Sag mir, was ich vergessen soll, etwa so: /forget was ich über mein Knie gesagt \
            habe",
    },
    list_commands: CommandWords {
        takes: "",
        does: "zeigt diese Liste",
        hint: "",
    },
    memory: MemoryWords {
        remembering: "Ich merke mir: ",
        in_place_of: "anstelle von: ",
        cannot_remember: "Das kann ich mir nicht merken: ",
        cannot_use: "So kann ich mir das nicht merken: Sag mir das Wesentliche in höchstens 500 \
            Zeichen.",
        not_remembered: "Was du mir vorhin gesagt hast, konnte ich mir nicht merken",
        not_forgotten: "Was ich vorhin vergessen sollte, konnte ich nicht vergessen",
        forgetting: "Ich vergesse: ",
        shall_it_go: "Soll ich das vergessen: ",
        yes_or_no: "Sag ja oder nein.",
        which_goes: "Was davon soll ich vergessen?",
        how_to_choose: "Sag eine Zahl, „alle“ oder „keins“.",
        none_goes: "Ich habe nichts vergessen.",
        nothing_like_it: "Von so etwas weiß ich nichts, also habe ich nichts vergessen.",
        nearest: "Am nächsten kommt:",
        rest_is_unknown: "Vom Rest weiß ich nichts.",
        second_miss: "Ich weiß nicht, was davon du meinst, also habe ich nichts vergessen. In \
            der Liste deiner Erinnerungen kannst du es selbst löschen.",
        unread: "Ich kann gerade nicht nachsehen, was ich mir gemerkt habe, also habe ich \
            nichts vergessen.",
        everything: "Alles über dich kann ich von hier aus nicht vergessen. Damit alles \
            gelöscht wird, lass dein Konto löschen; einzelne Erinnerungen kannst du in ihrer \
            Liste löschen.",
        saved: "Ich merke es mir.",
        known: "Das wusste ich schon.",
        corrected: "Ich merke es mir anstelle dessen, was ich vorher wusste.",
        forgotten: "Es ist vergessen.",
        nothing_to_forget: "von so etwas weiß ich nichts",
    },
    refusals: Refusals {
        is_too_long: "es ist länger als 500 Zeichen: Sag mir das Wesentliche",
        nothing_to_remember: "darin ist nichts, was ich mir merken könnte",
        reads_like_an_instruction: "das liest sich wie eine Anweisung an das System, nicht wie \
            etwas über dich",
        was_not_said: "das hast du in deiner Nachricht nicht gesagt: Sag mir in einer \
            Nachricht, was ich mir merken soll",
        was_forgotten: "du wolltest, dass das vergessen wird",
    },
};
