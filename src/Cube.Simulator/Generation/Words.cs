namespace Cube.Simulator.Generation;

/// <summary>Common Norwegian words that invented records are made of.</summary>
internal static class Words
{
    public static readonly string[] FirstNames =
    [
        "Anne",
        "Bjørn",
        "Camilla",
        "Dag",
        "Eirik",
        "Frøydis",
        "Geir",
        "Håkon",
        "Ingrid",
        "Jørgen",
        "Kåre",
        "Liv",
        "Magnus",
        "Nora",
        "Ola",
        "Pål",
        "Ragnhild",
        "Solveig",
        "Tor",
        "Unni",
        "Vegard",
        "Øystein",
        "Åse",
        "Åshild",
    ];

    public static readonly string[] LastNames =
    [
        "Andersen",
        "Bakke",
        "Bråten",
        "Dahl",
        "Eide",
        "Fjellstad",
        "Grønli",
        "Haugen",
        "Hågensen",
        "Iversen",
        "Johansen",
        "Kjærstad",
        "Lie",
        "Moen",
        "Næss",
        "Ødegård",
        "Pedersen",
        "Rønning",
        "Solberg",
        "Strøm",
        "Tveit",
        "Vik",
        "Ås",
    ];

    public static readonly string[] Streets =
    [
        "Bjørkeveien",
        "Elvegata",
        "Fjordgata",
        "Furukollen",
        "Granåsen",
        "Kirkeveien",
        "Lyngstien",
        "Møllefaret",
        "Nordre gate",
        "Parkveien",
        "Skolegata",
        "Storgata",
        "Sørlia",
        "Tårnveien",
        "Utsikten",
        "Øvre vei",
    ];

    public static readonly (string Zip, string City, string Municipality, string County)[] Places =
    [
        ("0150", "OSLO", "Oslo", "Oslo"),
        ("0581", "OSLO", "Oslo", "Oslo"),
        ("1706", "SARPSBORG", "Sarpsborg", "Østfold"),
        ("3015", "DRAMMEN", "Drammen", "Buskerud"),
        ("4006", "STAVANGER", "Stavanger", "Rogaland"),
        ("5003", "BERGEN", "Bergen", "Vestland"),
        ("6002", "ÅLESUND", "Ålesund", "Møre og Romsdal"),
        ("7011", "TRONDHEIM", "Trondheim", "Trøndelag"),
        ("8006", "BODØ", "Bodø", "Nordland"),
        ("9008", "TROMSØ", "Tromsø", "Troms"),
    ];

    public static readonly string[] Companies =
    [
        "Fjord Bygg AS",
        "Grønn Energi AS",
        "Hav og Land AS",
        "Lofotkjøkken AS",
        "Nordlys Regnskap AS",
        "Trefellerne ANS",
        "Åsgård Transport AS",
    ];

    public static readonly string[] Agents =
    [
        "Kari Agent",
        "Per Selger",
        "Siri Nygård",
        "Jonas Åmot",
        "Mette Sørli",
        "Team Øst",
        "import@example.test",
    ];

    public static readonly (string Type, string Subtype)[] ResponseTypes =
    [
        ("Sale", "New agreement"),
        ("Sale", "Renewal"),
        ("Offer", "Sent by e-mail"),
        ("Offer", ""),
        ("No sale", "Price"),
        ("No sale", "Not interested"),
        ("No sale", "Bound elsewhere"),
        ("Call back", ""),
        ("Reservation", "Do not call"),
    ];

    public static readonly string[] Comments =
    [
        "",
        "",
        "Ønsker å bli ringt etter kl. 17.",
        "Fornøyd med dagens avtale.",
        "Sendt tilbud på e-post; følges opp på mandag.",
        "Har \"bindingstid\" ut året.",
        "Snakket med ektefelle, prøv igjen.",
        "Vil ha faktura på papir.\nBekreftet adresse.",
        "Takket nei – pris.",
    ];

    public static readonly string[] SmsTexts =
    [
        "Hei! Takk for praten. Svar JA for å bekrefte avtalen.",
        "Vi prøvde å nå deg i dag, og ringer igjen i morgen.",
        "Velkommen som kunde! Avtalen er på vei i posten.",
        "Påminnelse: møtet er avtalt til kl. 10. Mvh kundesenteret på Økern",
    ];

    public static readonly string[] CallStates =
    [
        "On Hold",
        "To Call",
        "Scheduled",
        "Lead",
        "Unconfirmed - Yes",
        "Booked",
        "Appointment open",
        "Appointment closed",
        "Completed - Yes",
        "Completed - No",
        "Excluded",
    ];

    public static readonly string[] Products = ["Strøm", "Mobil", "Bredbånd", "Forsikring", "Avis"];
}
