"""The worked examples that come before each request: one set for the desk, one for its judge."""

from __future__ import annotations

from typing import Final

from desk_requests import QUESTIONS, Request

Example = tuple[str, str, str]

# (message, reason, answer). The names, goods and numbers are not in the generator's lists.
_ORDERS: Final = [
    "Hello, my name is Otto Lindqvist. Please send 7 sofas to Aachen on Tuesday. Thanks!",
    "Good day, we need 31 kites in Pisa by Friday. It is urgent. Best wishes, Mabel Okafor",
    "Hi, order for Tom Abara: 12 drums, delivered in Turku this Monday. Please confirm.",
    "Good evening. Could you bring 58 rugs to Bern on Saturday? I am Lotte Quist.",
]
_SECOND_ORDERS: Final = [
    "Hello, this is Rhea Dunn. I want 9 saws for Sunday. Ship them to Minsk, please.",
    "Dear shop, it never stops raining. We are in Split and need 44 pans on Thursday. Jack Ode",
    "The name is Kurt Ebner. On Wednesday we need 26 flutes at our school in Linz. Bye!",
]

_FIRST: Final[dict[str, list[Example]]] = {
    "city": [
        (_ORDERS[0], "send to Aachen", "Aachen"),
        (_ORDERS[1], "need it in Pisa", "Pisa"),
        (_ORDERS[2], "delivered in Turku", "Turku"),
        (_ORDERS[3], "bring to Bern", "Bern"),
    ],
    "name": [
        (_ORDERS[0], "my name is Otto Lindqvist", "Otto Lindqvist"),
        (_ORDERS[1], "signed by Mabel Okafor", "Mabel Okafor"),
        (_ORDERS[2], "order for Tom Abara", "Tom Abara"),
        (_ORDERS[3], "I am Lotte Quist", "Lotte Quist"),
    ],
    "quantity": [
        (_ORDERS[0], "send 7 sofas", "7"),
        (_ORDERS[1], "need 31 kites", "31"),
        (_ORDERS[2], "order of 12 drums", "12"),
        (_ORDERS[3], "bring 58 rugs", "58"),
    ],
    "product": [
        (_ORDERS[0], "send 7 sofas", "sofas"),
        (_ORDERS[1], "need 31 kites", "kites"),
        (_ORDERS[2], "order of 12 drums", "drums"),
        (_ORDERS[3], "bring 58 rugs", "rugs"),
    ],
    "day": [
        (_ORDERS[0], "send on Tuesday", "Tuesday"),
        (_ORDERS[1], "need it by Friday", "Friday"),
        (_ORDERS[2], "delivered this Monday", "Monday"),
        (_ORDERS[3], "bring on Saturday", "Saturday"),
    ],
    "address_change": [
        ("Hello, we left Aachen and live in Pisa now. I am Otto Lindqvist. Thanks!",
         "they left Aachen and live in Pisa", "Pisa"),
        ("Hi, send the kites to Bern and not to Turku. Mabel Okafor", "to Bern, not to Turku", "Bern"),
        ("Good day, the shop in Linz is closed. Use our address in Minsk. Regards",
         "Linz is closed, use Minsk", "Minsk"),
    ],
    "order_number": [
        ("Hello, I am customer 81230 and I wait for order 44102. I paid bill 90017. Thanks!",
         "I wait for order 44102", "44102"),
        ("Hi, order 27715 is late. Customer 60348 here, with invoice 13377.",
         "order 27715 is late", "27715"),
        ("Good day, bill 55012 is paid. Tom Abara, account 70291. When does order 38846 come?",
         "when does order 38846 come", "38846"),
    ],
    "topic": [
        ("Hello, my sofas have not come yet. Thanks!", "the goods have not come", "delivery"),
        ("Hi, the bill for the kites shows a wrong sum.", "the bill is wrong", "invoice"),
        ("Good day, I want to send the drums back.", "they want to send goods back", "return"),
        ("The rugs came torn. Best wishes", "the goods are broken", "damage"),
        ("I cannot log in with my password.", "they cannot log in", "account"),
    ],
    "price": [
        ("Hello, how much is a sofa? [Price list: kite 14.30, sofa 88.10, drum 61.70]",
         "the list says sofa 88.10", "88.10"),
        ("Hi, what does one flute cost? Thanks! [Price list: flute 35.60, saw 9.20]",
         "the list says flute 35.60", "35.60"),
        ("I would like a rug. Price? [Price list: pan 17.40, drum 52.90, saw 11.80, rug 73.50]",
         "the list says rug 73.50", "73.50"),
    ],
}  # fmt: skip

_SECOND: Final[dict[str, list[tuple[str, str]]]] = {
    "city": list(zip(_SECOND_ORDERS, ("Minsk", "Split", "Linz"), strict=True)),
    "name": list(zip(_SECOND_ORDERS, ("Rhea Dunn", "Jack Ode", "Kurt Ebner"), strict=True)),
    "quantity": list(zip(_SECOND_ORDERS, ("9", "44", "26"), strict=True)),
    "product": list(zip(_SECOND_ORDERS, ("saws", "pans", "flutes"), strict=True)),
    "day": list(zip(_SECOND_ORDERS, ("Sunday", "Thursday", "Wednesday"), strict=True)),
    "address_change": [
        ("Dear team, Rhea Dunn here. The saws go to Split. My old place in Linz is empty.", "Split"),
        ("Our office moved from Minsk to Pisa. Kurt Ebner", "Pisa"),
        ("Hello, it is Turku where you must send the pans, not Aachen. Thanks!", "Turku"),
    ],
    "order_number": [
        ("Hello, invoice 20461 is paid, so where is order 73309? My account is 15584.", "73309"),
        ("Order 91126, please. I am customer 38870 and want 9 saws. Jack Ode", "91126"),
        ("Hi, my customer number is 64403. Bill 29958 does not fit order 50217. Bye!", "50217"),
    ],
    "topic": [
        ("Hello, there is a crack in the flute.", "damage"),
        ("Please delete my login.", "account"),
        ("Hi, where is my parcel with the saws? Thanks!", "delivery"),
        ("Can I give the pans back? Rhea Dunn", "return"),
        ("Good day, I have paid the bill twice.", "invoice"),
    ],
    "price": [
        ("Dear team, what does a saw cost? [Price list: saw 24.50, kite 68.30]", "24.50"),
        ("Hi, price of a pan? [Price list: rug 91.20, flute 12.60, pan 47.80, sofa 33.90]", "47.80"),
        ("How much is one drum? Bye! [Price list: sofa 80.40, drum 19.70, kite 55.10]", "19.70"),
    ],
}  # fmt: skip


def first_prompt(request: Request, *, reason: bool) -> str:
    """Text for the desk's own answer: examples, then the request, then an open line."""
    shown = [
        f"Message: {message}\nQuestion: {QUESTIONS[request.kind]}\n"
        + (f"Reason: {why}\n" if reason else "")
        + f"Answer: {answer}\n\n"
        for message, why, answer in _FIRST[request.kind]
    ]
    return "".join(shown) + request.input + ("\nReason:" if reason else "\nAnswer:")


def second_prompt(request: Request) -> str:
    """Text for the second reading: other examples, another layout, no reason."""
    shown = [
        f"Customer wrote: {message}\n{QUESTIONS[request.kind]} {answer}\n\n"
        for message, answer in _SECOND[request.kind]
    ]
    return "".join(shown) + f"Customer wrote: {request.message}\n{request.question}"
