"""The words the example visitors are made of. Every character of them exists in Windows-1252."""

from __future__ import annotations

FIRST_NAMES = (
    "Aaron", "Agnès", "Alice", "Ana", "Anaïs", "André", "Anna", "Anneliese", "Astrid",
    "Aurélie", "Ben", "Björn", "Brian", "Camille", "Carlos", "Caroline", "Chloé", "Claire",
    "Daniel", "Danielle", "David", "Éloïse", "Elena", "Emily", "Emma", "Erik", "Eva", "Fiona",
    "François", "Frédéric", "George", "Grace", "Günther", "Hanna", "Hannah", "Harriet",
    "Helena", "Héloïse", "Inés", "Ingrid", "Isabel", "Jack", "James", "Jean-François", "Jenny",
    "Joël", "Johan", "Jörg", "José", "Joyce", "Julia", "Jürgen", "Karen", "Karl", "Kathleen",
    "Kenji", "Lars", "Laura", "Léa", "Leila", "Liam", "Linda", "Lukas", "Maeve", "Magnus",
    "Malik", "María", "Marie-Claire", "Mark", "Mateo", "Matthias", "Mehdi", "Michelle", "Mina",
    "Nadia", "Naomi", "Noël", "Olivia", "Omar", "Óscar", "Patrick", "Paula", "Peter", "Priya",
    "Rachel", "Rafael", "Ramón", "Renée", "Robert", "Rosa", "Ruth", "Samuel", "Sara", "Siobhán",
    "Sofía", "Søren", "Stéphane", "Susan", "Sven", "Thérèse", "Thomas", "Tom", "Ursula",
    "Valérie", "Victor", "Vikram", "Wei", "William", "Xavier", "Yasmin", "Yusuf", "Zoë",
)  # fmt: skip

LAST_NAMES = (
    "Abbott", "Adler", "Ahmed", "Álvarez", "Andersson", "Bäcker", "Bailey", "Barceló",
    "Baumgärtner", "Becker", "Béranger", "Bernard", "Bjørnstad", "Boateng", "Bouchard",
    "Brännström", "Brown", "Castañeda", "Chan", "Chevalier", "Clarke", "Côté", "Cruz", "d’Arcy",
    "Dahl", "de la Peña", "Delacroix", "Desai", "Diaz", "Dubois", "Dvorak", "Ekström", "Ellis",
    "Engström", "Evans", "Fernández", "Fischer", "Fontaine", "Franklin", "Gagné", "García",
    "Gauthier", "Giménez", "Goldberg", "Gómez", "González", "Graham", "Großmann", "Guérin",
    "Haddad", "Håkansson", "Hall", "Hansen", "Hernández", "Hoffmann", "Hughes", "Ibáñez", "Ito",
    "Jackson", "Jäger", "Johansson", "Jones", "Kaplan", "Keller", "Khan", "Kim", "Klein",
    "Köhler", "Krüger", "Lacroix", "Lambert", "Larsen", "Lefèvre", "Lévesque", "Lindqvist",
    "Löwe", "Macdonald", "Marchand", "Martínez", "Meyer", "Mitchell", "Möller", "Moreau",
    "Müller", "Muñoz", "Murphy", "Nakamura", "Nguyen", "Nuñez", "O’Brien", "O’Neill", "Okafor",
    "Olsson", "Ørsted", "Ortiz", "Owens", "Park", "Patel", "Pelletier", "Peña", "Pereira",
    "Perez", "Petersen", "Pettersson", "Quinn", "Ramírez", "Reed", "Renault", "Richter",
    "Rivière", "Robinson", "Rossi", "Saint-Martin", "Sánchez", "Schäfer", "Schmidt", "Schröder",
    "Singh", "Smith", "Søndergaard", "Stewart", "Strauß", "Sullivan", "Taylor", "Thibault",
    "Torres", "Turner", "van der Berg", "Vásquez", "Voß", "Walker", "Weiß", "Wilson", "Wong",
    "Wright", "Yamada", "Young", "Zamora", "Zhang", "Zimmermann",
)  # fmt: skip

COMPANIES = (
    "Alder & Finch", "Amberlight Freight", "Arcadie Conseil", "Bellweather Dental", "Blaufeld GmbH",
    "Boréal Énergie", "Brightmoor Labs", "Brückenwerk AG", "Café Lumière", "Calder Robotics",
    "Cedarhurst Clinics", "Cinnabar Studios", "Copperline Media", "Corvane Systems",
    "Dunmere Logistics", "Eastvale Bakeries", "Élan Textiles", "Fennimore Partners",
    "Fjordglimt Shipping", "Glasshouse Analytics", "Grünfeld Maschinenbau", "Halyard Mutual",
    "Harrowgate Tools", "Hellström Optik", "Ironbark Surveying", "Juniper Row Hotels",
    "Kestrel Bay Foods", "Kupferstein KG", "Lanternworks", "La Peña Azul Imports", "Maison Verdier",
    "Marlowe & Sons, Inc.", "Meadowlark Learning", "Møllehave Design", "Nordlys Packaging",
    "Northgate Orchards", "Oakhollow Insurance", "Opaline Cosmétiques", "Orrin Vale Housing",
    "Pellworth Pumps", "Quillback Marine", "Ravensby Press", "Redwater Irrigation",
    "Rosenhag Möbler", "Saltmarsh Brewing", "Señal Telecom", "Silverthread Payroll",
    "Skylark Coaching", "Stonebridge Legal", "Tamarind Travel", "Thistledown Wool",
    "Umbral Security", "Vermeil Jewellers", "Wexcombe Dairy", "Whitlow Engineering",
    "Yarrow Health", "Zephyrine Air",
)  # fmt: skip

PRIVATE_DOMAINS = ("example.com", "example.net", "example.org")

JOB_TITLES = (
    "Account Executive", "Buyer", "CEO", "Chef de projet", "Chief Operating Officer", "CTO",
    "Data Analyst", "Director of Sales", "Einkaufsleiter", "Events Manager", "Finance Director",
    "Founder", "Geschäftsführer", "Head of Marketing", "Head of R&D", "IT Manager",
    "Marketing Manager", "Office Manager", "Operations Lead", "Procurement Specialist",
    "Product Owner", "Project Manager", "Responsable achats", "Sales Engineer",
    "Senior Buyer, EMEA", "Software Engineer", "Store Manager", "Student", "VP Marketing",
    "Warehouse Supervisor",
)  # fmt: skip

RATINGS = ("Hot", "Warm", "Warm", "Cold")

NOTES = (
    "Asked for a demo", "Wants pricing by Friday", "Call back after the show",
    "Budget approved, needs a quote", "Budget ~ €40k", "Met at booth 12; bring samples",
    "Using a spreadsheet today; unhappy", "Evaluating three vendors, decision in June",
    "Send the brochure (French)", "Send the brochure – German", "Interested in the API",
    "Said: \"call me, don't mail\"", "Friend of the keynote speaker", "Just wanted a T-shirt",
    "Réunion à prévoir en juin", "Rückruf nächste Woche", "Prefers a call in the afternoon",
    "Wants to see it run on their own data", "Two sites, 140 seats", "Competitor?",
    "Needs SSO, asked twice\nFollow up with engineering", "Loved it!", "Will bring their boss",
    "Renewal in Q3", "No decision power; introduce us to purchasing",
)  # fmt: skip

# How a telephone number goes wrong between a badge and a spreadsheet.
BAD_PHONES = (
    "555-0143", "see card", "n/a", "+1 202 555 01", "2.02556E+09", "0000000000", "ask reception",
    "tbc", "12345678901234567890", "020 7946", "-", "no phone", "202-555-01", "?", "office",
    "+44",
)  # fmt: skip

# How an address goes wrong when it is typed standing up. ``{l}`` is the part before the @ and
# ``{d}`` the domain after it.
BAD_EMAILS = (
    "{l}@", "{l}(at){d}", "{l}@@{d}", "{l}.{d}", "{l} @ {d} office", "@{d}", "{l}@{d},",
    "n/a", "see business card", "{l}@.{d}", "{l}..x@{d}", "{l}@{d}.", "www.{d}", "{l}@example",
    "{l}@{d}@{d}",
)  # fmt: skip
