"""The words of the made-up order desk: names, cities, goods, and the sentences of its customers.

Every list is written for this example. Sentences hold the fields of a request in braces; a message
is a greeting, a sentence that carries the fields, perhaps some small talk, and a closing, so that
a few hundred lines here make hundreds of thousands of different messages.
"""

# Words by the dozen are read more easily as running text than one a line.
# ruff: noqa: SIM905

from __future__ import annotations

from typing import Final

FIRST_NAMES: Final = (
    "Ada Alma Amir Anna Arne Bela Bruno Carla Cem Chloe Dana David Diego Edda Elif Emil Erik Eva "
    "Farid Fiona Frida Gita Greta Hana Hugo Ida Igor Ines Iris Ivan Jana Jonas Julia Kaya Karl "
    "Lea Leon Lina Lucas Mara Marco Maya Mina Nadia Nico Nina Noah Olga Omar Oscar Paula Petra "
    "Ravi Rosa Ruben Sara Selma Simon Sofia Sven Tara Theo Uma Vera Viktor Wanda Yara Zoe"
).split()

LAST_NAMES: Final = (
    "Adler Almeida Bauer Becker Berg Bianchi Blanc Brandt Castro Cohen Conti Costa Dahl Diaz "
    "Duarte Engel Ferrari Fischer Fontaine Garcia Girard Gomez Haas Hansen Hoffman Ivanov Jansen "
    "Kaplan Keller Khan Klein Kovac Kumar Lambert Larsen Lopez Marino Martin Meyer Moreau Moretti "
    "Murphy Nielsen Novak Olsen Patel Pereira Petrov Rahman Ramos Ricci Romero Rossi Santos "
    "Schmidt Silva Singh Sokolov Torres Vargas Vidal Vogel Wagner Weber Winter Yilmaz Zeman"
).split()

CITIES: Final = (
    "Amsterdam Antwerp Athens Barcelona Basel Belfast Belgrade Bergen Berlin Bilbao Bologna "
    "Bordeaux Bremen Bristol Brussels Bucharest Budapest Cardiff Cologne Copenhagen Cork Dresden "
    "Dublin Edinburgh Florence Frankfurt Geneva Genoa Ghent Glasgow Gothenburg Graz Hamburg "
    "Hanover Helsinki Istanbul Krakow Leeds Leipzig Lille Lisbon Liverpool London Lyon Madrid "
    "Malmo Manchester Marseille Milan Munich Nantes Naples Nice Oslo Oxford Palermo Paris Porto "
    "Prague Riga Rome Rotterdam Salzburg Seville Sofia Stockholm Strasbourg Stuttgart Tallinn "
    "Toulouse Trieste Turin Utrecht Valencia Venice Vienna Vilnius Warsaw Zagreb Zurich"
).split()

# Singular; the plural of each is the word with an s.
PRODUCTS: Final = (
    "lamp chair desk shelf-board stool mirror curtain carpet pillow blanket towel candle vase "
    "basket clock bottle mug plate bowl spoon teapot kettle toaster blender notebook pencil folder "
    "stapler keyboard monitor printer speaker charger cable backpack umbrella helmet lantern tent "
    "hammer ladder bucket"
).split()

DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
TOPICS: Final = ("delivery", "invoice", "return", "damage", "account")

GREETINGS: Final[dict[str, list[str]]] = {
    "mail": [
        "Dear team,", "Good morning,", "Good afternoon,", "Dear Sir,", "Hello,", "Dear desk,",
        "Good evening,", "Hello all,", "Dear colleagues,", "Dear shop,",
    ],
    "chat": ["Hi!", "Hey,", "Hi there,", "hi,", "Hi team,", "Hey there!", "Hello!", ""],
    "phone": ["Yes, hello.", "Hello, hello?", "Hi, good day.", "Ah, hello.", "Hello.", "Good day."],
}  # fmt: skip

SMALL_TALK: Final = [
    "It has been raining all week here.",
    "We were very happy with the last box.",
    "A friend told me about your shop.",
    "Please wrap everything well.",
    "The old ones are worn out.",
    "We are redoing the whole office.",
    "My colleague is on holiday, so I am writing instead.",
    "There is no hurry at all.",
    "Please leave the parcel with the neighbour.",
    "The bell at the door does not work.",
    "It is a present for my sister.",
    "We have ordered from you before.",
    "I could not find the form on your site.",
    "Your catalogue looks lovely.",
    "Please use plain paper for packing.",
    "The lift is broken, so use the stairs.",
    "We are opening a small cafe soon.",
    "Our old supplier has closed.",
    "I tried the web shop, but the page did not load.",
    "The office is at the back of the yard.",
]

CLOSINGS: Final[dict[str, list[str]]] = {
    "mail": [
        "Kind regards", "Many thanks.", "Best wishes", "Thank you for your help.",
        "Best regards", "Please confirm.", "Thank you very much.", "Yours",
    ],
    "chat": ["Thanks!", "Thx", "Cheers!", "Let me know.", "Great, thanks.", "That is all.", "Bye!"],
    "phone": ["That is all.", "Thank you, goodbye.", "Thanks, bye.", "Please call me back."],
}  # fmt: skip

# A new order: one person, one city, one number, one product, one day.
ORDER_CORES: Final = [
    "My name is {name} and I would like {qty} {product}, delivered to {city} on {day}.",
    "This is {name}. Please send {qty} {product} to our house in {city} on {day}.",
    "I am {name} and I need {qty} {product} in {city} by {day}.",
    "{name} here. We want to order {qty} {product}. Ship them to {city}, please, on {day}.",
    "Could you bring {qty} {product} to {city} on {day}? The order is for {name}.",
    "Please put {qty} {product} on the van to {city} for {day}. My name is {name}.",
    "On {day} we need {qty} {product} at our shop in {city}. Ask for {name} at the door.",
    "We would like to buy {qty} {product}. Deliver on {day} to {name} in {city}.",
    "Order for {name}: {qty} {product}, to be delivered in {city} this {day}.",
    "I want {qty} {product} sent to {city}. {day} suits me best. Signed, {name}.",
    "Can I get {qty} {product} by {day}? I live in {city} and my name is {name}.",
    "Please reserve {qty} {product} for {name} and ship to {city} on {day}.",
    "It is {name} again. Another {qty} {product}, please, to {city}, and on {day} if you can.",
    "Our branch in {city} has run out of stock: {qty} {product} by {day}, please. Contact: {name}.",
    "For {day} I would like to have {qty} {product} at my flat in {city}. I am {name}.",
    (
        "Kindly note down {qty} {product} for {name}. The parcel goes to {city} and has to be "
        "there on {day}."
    ),
    "I would like to place an order of {qty} {product}. Name: {name}. City: {city}. Day: {day}.",
    "We are short of {product}, so send {qty} of them to {city} on {day}. Regards from {name}.",
    "You can ship {qty} {product} to {city}; {name} will be there on {day} to take them.",
    "My wife and I live in {city} and need {qty} {product}. Come on {day}. We are under {name}.",
    "{qty} {product} for our school in {city}, please. {day} is fine. My name is {name}.",
    "Would {day} work for a delivery of {qty} {product} to {city}? The name is {name}.",
    "I am writing for the hotel in {city}. We need {qty} {product} on {day}. Best, {name}.",
    "Put me down for {qty} {product}. Name is {name}, place is {city}, and {day} is the day.",
]

MOVE_CORES: Final = [
    "This is {name}. We have moved from {old} to {city}, so send my {product} there.",
    "Please change my address: I no longer live in {old}, I live in {city} now. I am {name}.",
    "{name} here. The {product} should go to {city} and not to {old}.",
    "My order was meant for {city}, but your mail says {old}. Please correct it. {name}",
    "We closed the shop in {old}. All {product} now go to our new shop in {city}, says {name}.",
    "I live in {old}, but I am {name}'s neighbour and the {product} go to {city}.",
    "Do not ship to {old} any more. My new home is {city}. My name is {name}.",
    "Until last month our office was in {old}; since then it is in {city}. Regards, {name}",
    "The invoice goes to {old} and the {product} go to {city}. My name is {name}.",
    "I am {name}, I work in {old} and want my {product} delivered at home in {city}.",
]

NUMBER_CORES: Final = [
    "This is {name}, customer number {cust}. Where is order {order}? I paid invoice {inv}.",
    "My customer number is {cust} and my order number is {order}. The invoice says {inv}.",
    "I am asking about order {order} for {qty} {product}. My customer number is {cust}.",
    "Invoice {inv} came today, but order {order} did not. I am {name}, customer {cust}.",
    "{name} here, customer {cust}. I paid {inv} yesterday. Please cancel order number {order}.",
    "Regarding invoice {inv} and order {order}: the {qty} {product} have not come yet.",
    "Your driver left parcel {inv} here, but I was waiting for order {order}. I am customer {cust}.",
    "Customer {cust} speaking. The order is {order}, with {qty} {product}, and the bill is {inv}.",
    "I have invoice {inv} on my desk and it does not fit my order {order}. {name}",
    "Please look at my account {cust}: order {order} is still open, invoice {inv} is paid.",
    "Parcel {inv} was sent on time. What about order {order}? My account is {cust}.",
    "I want to add {qty} {product} to order {order}. Account {cust}, last invoice {inv}.",
]

TOPIC_CORES: Final[dict[str, list[str]]] = {
    "delivery": [
        "My {product} should have come on {day} and I am still waiting.",
        "When will the {product} arrive in {city}?",
        "The driver did not find our house in {city}.",
        "The tracking page has not changed since {day}. Where are my {product}?",
        "Can you ship the {product} to {city} before {day}?",
        "The parcel with the {product} is late again.",
        "Is it possible to bring the {product} on {day} in place of today?",
        "The van never came on {day}. I stayed at home for nothing.",
    ],
    "invoice": [
        "You charged me twice for the {product}.",
        "Please send me the bill for the {product} again.",
        "The amount on the invoice for the {product} is too high.",
        "Our company name is missing on the bill from {day}.",
        "I paid for the {product} on {day}, but got a reminder to pay.",
        "Could I pay for the {product} by bank transfer?",
        "The tax on the bill from {day} is wrong.",
        "I need a receipt for the {product} for my tax office in {city}.",
    ],
    "return": [
        "I do not need the {product} any more and want to send them back.",
        "How do I send back the {product} I bought on {day}?",
        "The {product} are the wrong size. I want my money back.",
        "Please collect the {product} in {city}, I changed my mind.",
        "Can I exchange the {product} for bigger ones?",
        "I would like a refund for the {product}.",
        "Where do I find the label to send the {product} back?",
        "The {product} do not suit our room. We want to give them back.",
    ],
    "damage": [
        "The {product} arrived in pieces.",
        "Two of the {product} are cracked.",
        "The box was wet and the {product} are ruined.",
        "There are deep scratches on the {product} you brought on {day}.",
        "One of the {product} broke as I opened the box.",
        "The {product} came with a hole in them.",
        "The {product} that came to {city} are bent and cannot be used.",
        "All of the {product} from {day} were smashed.",
    ],
    "account": [
        "I forgot my password and cannot log in.",
        "Please change the mail address of my login.",
        "I cannot sign in to your shop since {day}.",
        "How can I delete my profile?",
        "My login is locked. I only wanted to look at the {product}.",
        "I want to change my user name.",
        "The site says that my password is wrong.",
        "Please close my profile, I no longer use the shop.",
    ],
}

PRICE_CORES: Final = [
    "What does one {product} cost?", "How much is a single {product}?",
    "I am {name} from {city}. What is the price of a {product}?",
    "Could you tell me the price of one {product}?", "I would like to buy a {product}. How much?",
    "What would I pay for one {product} in {city}?", "{name} here. Price of the {product}, please.",
    "Is the {product} still in the list, and at what price?",
    "How much do you want for a {product}?", "We are thinking of a new {product}. What does it cost?",
]  # fmt: skip
