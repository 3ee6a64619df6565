"""The worked examples that come before each request: one set for the desk, one for its judge."""

from __future__ import annotations

from typing import Final

from desk_requests import QUESTIONS, Request

# The field's name on the line of the answer. Naming the field beats a bare "Answer:" with a model
# this small, and two tokens are cheaper than repeating the question.
LABELS: Final[dict[str, str]] = {
    "city": "City",
    "name": "Name",
    "quantity": "Quantity",
    "product": "Product",
    "day": "Day",
    "address_change": "City",
    "order_number": "Order number",
    "topic": "Topic",
    "price": "Price",
}

# Kinds for which the model first writes a line that says why. For the others a pilot saw no clear
# gain from the line, and it took half as long again.
REASONED: Final = frozenset({"quantity", "address_change", "order_number", "topic", "price"})

# (message, name, quantity, product, city, day). None of these is in the generator's lists.
_ORDERS: Final = [
    ("Hello, my name is Otto Lindqvist. Please send 7 sofas to Aachen on Tuesday. Thanks!",
     "Otto Lindqvist", "7", "sofas", "Aachen", "Tuesday"),
    ("We need 31 kites in Pisa by Friday. It is urgent. Best wishes, Mabel Okafor",
     "Mabel Okafor", "31", "kites", "Pisa", "Friday"),
    ("Hi, order for Tom Abara: 12 drums, delivered in Turku this Monday.",
     "Tom Abara", "12", "drums", "Turku", "Monday"),
    ("Good day. Would Saturday be fine for 60 rugs to Bern? I am Lotte Quist. Many thanks.",
     "Lotte Quist", "60", "rugs", "Bern", "Saturday"),
    ("Dear Sir, our family lives in Kiel and needs 85 saws. Ask for Rhea Dunn on Sunday.",
     "Rhea Dunn", "85", "saws", "Kiel", "Sunday"),
    ("Jack Ode here. On Thursday we want 40 pans at our bakery in Split. Bye!",
     "Jack Ode", "40", "pans", "Split", "Thursday"),
    ("Hey, deliver 3 flutes to Kurt Ebner, who is at the school in Linz on Wednesday.",
     "Kurt Ebner", "3", "flutes", "Linz", "Wednesday"),
]  # fmt: skip
_SECOND_ORDERS: Final = [
    ("Good day, this is Vito Salonen. Ship 52 harps to Minsk for Friday, please.",
     "Vito Salonen", "52", "harps", "Minsk", "Friday"),
    ("Hi! Our office in Brno has no more corks: 70 of them by Monday. Yours, Ines Falk",
     "Ines Falk", "70", "corks", "Brno", "Monday"),
    ("My husband and I live in Metz. We want 8 forks on Sunday, under the name Lou Berger.",
     "Lou Berger", "8", "forks", "Metz", "Sunday"),
    ("Please note 94 tiles for Max Oduya. Thursday is the day and Pau is the place. Thanks!",
     "Max Oduya", "94", "tiles", "Pau", "Thursday"),
    ("Hello. Is Tuesday possible? 16 bells for the church in Vaduz. I am Sam Petit.",
     "Sam Petit", "16", "bells", "Vaduz", "Tuesday"),
    ("Hey, ship 21 masks to Lund; Nora Wirth takes them on Wednesday.",
     "Nora Wirth", "21", "masks", "Lund", "Wednesday"),
]  # fmt: skip
_COLUMN: Final = {"name": 1, "quantity": 2, "product": 3, "city": 4, "day": 5}

# (message, reason, answer)
_FIRST: Final[dict[str, list[tuple[str, str, str]]]] = {
    "address_change": [
        ("Hello, we left Aachen and live in Pisa now. I am Otto Lindqvist. Thanks!",
         "we live in Pisa now", "Pisa"),
        ("Hi, send the kites to Bern and not to Turku. Mabel Okafor",
         "send to Bern", "Bern"),
        ("The sofas were meant for Kiel, but you wrote Split. Tom Abara",
         "meant for Kiel", "Kiel"),
        ("Good day, our shop in Linz is closed. Our new shop is in Vaduz.",
         "our new shop is in Vaduz", "Vaduz"),
        ("I work in Metz. Bring the rugs to my home in Lund, please. Bye!",
         "bring to my home in Lund", "Lund"),
        ("Send the bill to Brno and the saws to Minsk. Lotte Quist",
         "send the saws to Minsk", "Minsk"),
    ],
    "order_number": [
        ("Hello, I am customer 81230 and I wait for order 44102. I paid bill 90017. Thanks!",
         "order 44102", "44102"),
        ("Hi, order 27715 is late. Customer 60348 here, with invoice 13377.",
         "order 27715", "27715"),
        ("Good day, bill 55012 is paid. Tom Abara, account 70291. When does order 38846 come?",
         "order 38846", "38846"),
        ("The invoice is 66120. The number of the order is 15093, for 40 pans.",
         "the order is 15093", "15093"),
    ],
    "topic": [
        ("Hello, my sofas have not come yet. Thanks!", "the goods have not come", "delivery"),
        ("Hi, the bill for the kites shows a wrong sum.", "the bill is wrong", "invoice"),
        ("Good day, I want to send the drums back.", "goods go back", "return"),
        ("The rugs came torn. Best wishes", "the goods are broken", "damage"),
        ("I cannot log in with my password.", "they cannot log in", "account"),
        ("Refund me for the saws, please. They do not fit.", "they want a refund", "return"),
        ("Which day will your van be in Linz?", "they ask for the van", "delivery"),
        ("I have to pay for 3 flutes, not for 5.", "the sum to pay is wrong", "invoice"),
        ("Please remove my login.", "it is about a login", "account"),
        ("Hey, the pan has a crack.", "the pan has a crack", "damage"),
    ],
    "price": [
        ("[Price list: kite 14.30, sofa 88.10, drum 61.70] Hello, how much is a sofa?",
         "sofa 88.10", "88.10"),
        ("[Price list: flute 35.60, saw 9.20] Hi, what does one flute cost? Thanks!",
         "flute 35.60", "35.60"),
        ("[Price list: pan 17.40, drum 52.90, saw 11.80, rug 73.50] I would like a rug. Price?",
         "rug 73.50", "73.50"),
        ("[Price list: bell 40.20, tile 5.70, cork 2.10] The price of a tile, please. Bye!",
         "tile 5.70", "5.70"),
        ("[Price list: mask 27.90, harp 96.30, fork 8.60] Is the mask in the list?",
         "mask 27.90", "27.90"),
    ],
}  # fmt: skip

# How the second reading asks: the answer ends a sentence.
_SECOND_LEADS: Final[dict[str, str]] = {
    "city": "The order goes to the city of",
    "name": "The customer's full name is",
    "quantity": "The number of pieces ordered is",
    "product": "The goods ordered are",
    "day": "The order should come on",
    "address_change": "The order now goes to the city of",
    "order_number": "The order has the number",
    "topic": "The topic of the message is",
    "price": "The price asked for is",
}

_SECOND: Final[dict[str, list[tuple[str, str]]]] = {
    "address_change": [
        ("Dear team, Rhea Dunn here. The saws go to Split. My old place in Linz is empty.", "Split"),
        ("Our office moved from Minsk to Pisa. Kurt Ebner", "Pisa"),
        ("Hello, it is Turku where you must send the pans, not Aachen. Thanks!", "Turku"),
        ("The bill goes to Kiel, the flutes go to Brno. Jack Ode", "Brno"),
        ("You wrote Bern. That is wrong, it has to be Metz.", "Metz"),
    ],
    "order_number": [
        ("Hello, invoice 20461 is paid, so where is order 73309? My account is 15584.", "73309"),
        ("Order 91126, please. I am customer 38870 and want 9 saws. Jack Ode", "91126"),
        ("Hi, my customer number is 64403. Bill 29958 does not fit order 50217. Bye!", "50217"),
        ("Parcel 42671 came. The order I mean is 86034. Lou Berger", "86034"),
    ],
    "topic": [
        ("Hello, there is a crack in the flute.", "damage"),
        ("Please delete my login.", "account"),
        ("Hi, where is my parcel with the saws? Thanks!", "delivery"),
        ("Can I give the pans back? Rhea Dunn", "return"),
        ("Good day, I have paid the bill twice.", "invoice"),
        ("The harps do not fit. I want a refund.", "return"),
        ("All forks were bent.", "damage"),
        ("I need a receipt for the masks.", "invoice"),
        ("Your driver was not here on Sunday.", "delivery"),
        ("My password does not work.", "account"),
    ],
    "price": [
        ("[Price list: saw 24.50, kite 68.30] Dear team, what does a saw cost?", "24.50"),
        ("[Price list: rug 91.20, flute 12.60, pan 47.80, sofa 33.90] Hi, price of a pan?", "47.80"),
        ("[Price list: sofa 80.40, drum 19.70, kite 55.10] How much is one drum? Bye!", "19.70"),
        ("[Price list: cork 3.20, mask 18.90, bell 70.60] I want a bell.", "70.60"),
    ],
}  # fmt: skip


def _first_examples(kind: str) -> list[tuple[str, str, str]]:
    """Examples of a kind: those of the orders share their messages between the kinds."""
    if kind in _FIRST:
        return _FIRST[kind]
    column = _COLUMN[kind]
    return [(row[0], f"{row[2]} {row[3]}", row[column]) for row in _ORDERS]


def first_prompt(request: Request) -> str:
    """Text for the desk's own answer: question, examples, the message, then an open line."""
    kind, label = request.kind, LABELS[request.kind]
    shown = [f"{QUESTIONS[kind]}\n\n"]
    for message, reason, answer in _first_examples(kind):
        why = f"Reason: {reason}\n" if kind in REASONED else ""
        shown.append(f"Message: {message}\n{why}{label}: {answer}\n\n")
    start = "Reason" if kind in REASONED else label
    return "".join(shown) + f"Message: {request.message}\n{start}:"


def second_prompt(request: Request) -> str:
    """Text for the second reading: other examples, another layout, no reason."""
    kind, lead = request.kind, _SECOND_LEADS[request.kind]
    examples = _SECOND.get(kind) or [(row[0], row[_COLUMN[kind]]) for row in _SECOND_ORDERS]
    shown = [f"Customer: {message}\nDesk: {lead} {answer}.\n\n" for message, answer in examples]
    return "".join(shown) + f"Customer: {request.message}\nDesk: {lead}"
