"""Lines with personal data and lines that only look like it, written here: no number or address of a living person.

Addresses are of names kept for documents (RFC 2606), telephone numbers of ranges kept for films and examples or made up
within a country's plan, cards and IBANs those that issuers print as samples; IP addresses are public name servers.
"""

from __future__ import annotations

EMAILS = """jane.doe@example.com
j_smith+news@mail.example.org
OFFICE@EXAMPLE.NET
o'brien@example.ie
maria.gonzález@example.es
info@müller.example
first.last@sub.dept.example.ac.uk
a1@example.io
sales-team@my-company.example
x@example.museum
user%other@example.com
postmaster@example.co.jp
anna-lena.schmidt@posteo.example
kontakt@firma.example.de
1234567890@example.com
niño@example.mx
team.lead_2@example.technology
webmaster@xn--bcher-kva.example
ada@example.dev
Karl.Heinz@Example.AT"""

PHONES = """+1 202-555-0143
(202) 555-0143
202.555.0143
+1 (415) 555-0199
1-800-555-0199
+44 20 7946 0958
+44 7700 900123
+44 (0)20 7946 0123
+49 30 23125 123
+49 (0) 30 23125-123
+49-171-39200123
0049 30 23125123
+33 1 99 00 12 34
+33 6 39 98 12 34
+39 06 698 12345
+34 912 34 56 78
+31 20 420 1234
+41 44 668 18 00
+43 1 514440
+46 8 465 004 23
+47 22 86 50 00
+45 32 54 12 34
+48 22 123 45 67
+420 224 123 456
+36 1 234 5678
+351 21 123 4567
+353 1 679 1234
+7 495 123-45-67
+380 44 123 4567
+90 212 123 45 67
+972 3-123-4567
+91 98765 43210
+91-22-2123-4567
+86 10 8765 4321
+86 139 1234 5678
+81 3-1234-5678
+82 2-312-3456
+61 2 5550 1234
+61 491 570 156
+64 9 123 4567
+27 11 123 4567
+234 803 123 4567
+20 2 2123 4567
+55 11 91234-5678
+52 55 1234 5678
+54 11 4123-4567
+57 1 234 5678
+65 6123 4567
+60 3-2123 4567
+62 21 1234 5678"""

IBANS = """DE89 3704 0044 0532 0130 00
DE89370400440532013000
GB29 NWBK 6016 1331 9268 19
GB29NWBK60161331926819
FR14 2004 1010 0505 0001 3M02 606
FR1420041010050500013M02606
IT60 X054 2811 1010 0000 0123 456
ES91 2100 0418 4502 0005 1332
NL91 ABNA 0417 1643 00
NL91ABNA0417164300
BE68 5390 0754 7034
CH93 0076 2011 6238 5295 7
AT61 1904 3002 3457 3201
PL61 1090 1014 0000 0712 1981 2874
SE45 5000 0000 0583 9825 7466
NO93 8601 1117 947
DK50 0040 0440 1162 43
FI21 1234 5600 0007 85
PT50 0002 0123 1234 5678 9015 4
SA03 8000 0000 6080 1016 7519"""

CARDS = """4111 1111 1111 1111
4111-1111-1111-1111
4111111111111111
5555 5555 5555 4444
5105105105105100
3782 822463 10005
378282246310005
6011 1111 1111 1117
6011000990139424
3530 1113 3330 0000
3056 930902 5904
4012888888881881
2223 0031 2200 3222
4242424242424242
4000 0566 5566 5556"""

ADDRESSES = """8.8.8.8
1.1.1.1
9.9.9.9
208.67.222.222
149.112.112.112
2606:4700:4700::1111
2001:4860:4860::8888
2620:fe::fe
2001:4860:4860:0:0:0:0:8844
2606:4700:4700:0000:0000:0000:0000:1001"""

SSNS = """078-05-1120
219-09-9999
457-55-5462
123-45-6789
536-22-8726"""

PERSONAL: dict[str, list[str]] = {
    "EMAIL": EMAILS.split("\n"),
    "PHONE": PHONES.split("\n"),
    "IBAN": IBANS.split("\n"),
    "CREDIT_CARD": CARDS.split("\n"),
    "IP_ADDRESS": ADDRESSES.split("\n"),
    "US_SSN": SSNS.split("\n"),
}
SAID = {
    "EMAIL": ("Write to {} before Friday.", "Signed-off-by: A. Person <{}>", "contact: {};"),
    "PHONE": ("Call {} after six.", "Tel.: {}, ask for the night desk", "(phone {})"),
    "IBAN": ("Transfer it to {} by Monday.", "IBAN: {}", "account {}, reference 12"),
    "CREDIT_CARD": ("The card {} was declined.", "card number: {}", "paid with {}, thanks"),
    "IP_ADDRESS": (
        "The request came from {} at night.",
        "Connection refused: {}",
        "host [{}] is down",
    ),
    "US_SSN": ("Her SSN is {}.", "Social Security number: {}", "SSN {} on file"),
}
"""How each kind is said; a value takes one of them in turn."""

_HARMLESS = """Version 3.11.7 was released on 2026-10-05.
The server listens on 127.0.0.1 and 0.0.0.0 only.
Private are 10.12.130.4, 172.16.254.1 and 192.168.0.1; the mask is 255.255.255.0.
Documents use 192.0.2.44 and 2001:db8::1.
The link has fe80::1ff:fe23:4567:890a on eth0.
Upgrade from 1.2.3 to 10.4.12 first.
Debian package 2.36.1-8+deb12u1 fixes it.
linux-image-6.1.0-18-amd64 (6.1.76-1)
The commit is 3f785f21c0a9b1d24e6f8a7b5c3d2e1f00112233.
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
md5 d41d8cd98f00b204e9800998ecf8427e
uuid 123e4567-e89b-12d3-a456-426614174000
On 2026-11-23 07:11:30 the job began.
20261123T071130Z
1700000000 seconds since 1970
1732345890123 ms
From 09:00 to 17:30, Monday to Friday.
Pages 102-119, volume 27, 1981.
ISBN 978-3-16-148410-0
ISBN 0-306-40615-2
ISSN 2049-3630
doi:10.1145/2660193.2660195
arXiv:1905.06208
RFC 2606, section 3
Section 4.2.1.3 says so.
The mean is 12.3456789 with n = 1,234,567.
0x1234567890abcdef
pi is 3.14159265358979323846
1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
10 20 30 40 50 60 70 80 90
0 1 1 2 3 5 8 13 21 34 55 89 144 233
   12  345  6789   1011   121314
-rw-r--r-- 1 root root 19735 Nov 23 06:35 COMMITS.md
drwxr-xr-x 12 root root 4096 Nov 23 06:10 ..
total 1362860
Copyright (C) 1998-2026 The Authors
Copyright 2001, 2002, 2003, 2004, 2005 The Authors
EUR 1.234.567,89 were paid.
$1,299.00 plus 19.5 % tax
Order 4711-0815-2026
Invoice no. 2026-000123
Ticket #1234567 is closed; see also #7654321.
bug 1003456, closes: #987654, #876543
Flight LH 454 leaves gate B42 at 10:15.
Chapter 12, verse 34-56
Room 3.12.104
latitude 52.520008, longitude 13.404954
48.8566 2.3522
127.0 km at 3.5 l/100 km
@property
@pytest.mark.parametrize
def __matmul__(self, other): return self @ other
a @ b
root@localhost:~# ls
git@github.com:owner/name.git
foo@bar
npm install left-pad@1.3.0
dependency react@18.2.0 and @types/node@20.1.0
image: registry/app@sha256:9f86d081884c
@media (max-width: 600px) {
lr = 1e-5, eps = 1e-08
#112233 #ffee00 rgb(12, 34, 56)
AA:BB:CC:DD:EE:FF is the hardware address.
00:1a:2b:3c:4d:5e
std::vector<int>::iterator
Foo::Bar::baz()
a::b
::before
12::34
time 12:34:56:78
127-0-0-1.example
1.2.3
1.2.3.4.5
999.999.999.999
300.1.2.3
Figure 1.2.3.4-5 shows it.
ASCII 0-127
1-2-3
555-0199
2024-01-02-03
00-11-22
123-45-67890
000-12-3456
666-12-3456
900-12-3456
123456789
1234 5678 9012 3456
4111 1111 1111 1112
1111111111111111
5555 5555 5555 4445
0000 0000 0000 0000
DE89 3704 0044 0532 0130 01
GB00 NWBK 6016 1331 9268 19
XX12 3456 7890 1234 5678
ABCD1234EFGH5678IJKL90
MODEL AB12 3456 7890
serial no. SN12345678901234
part 10-4567-8901
EAN 4006381333931
UPC 036000291452
VIN 1HGBH41JXMN109186
IMEI 490154203237518
KB4012345 update
CVE-2026-12345
PEP 8, PEP 257
ISO 8601-1:2019
IEEE 754-2008
line 1234, column 56
Traceback at 0x7f9c0a1b2c3d
n=1000000, p=0.00001
100000000000
1e100
3.0.0-rc.1+build.20261123
1:2.3-4ubuntu5
gcc (Debian 12.2.0-14) 12.2.0
Python 3.11.7 (main, Dec  8 2025, 14:22:46)
[    0.000000] Linux version 6.1.0
12345 pts/0 00:00:01 bash
Mem: 16384000 8192000 4096000
eth0 1500 0 0
0123456789
9876543210987654321
3141592653589793238462643383279502884197
score 21:19, 19:21, 15:13
+1
+100
-12345
(12) 34
1/2, 3/4, 5/8
2^31 - 1 = 2147483647
4294967296
18446744073709551615
6.02214076e23
299792458 m/s
1 000 000
12 345 678
800x600, 1024x768, 1920x1080
16:9
A4 is 210 x 297 mm
Mon-Fri 08-18
№ 42
§ 433 Abs. 2 BGB
Mk 10:45
Psalm 119:105
Lot 20261123-01
+++ b/src/main.c
@@ -12,7 +12,9 @@ static int
--- a/file 2026-11-23 07:11:30.123456789 +0000
Thu, 23 Nov 2026 07:11:30 +0100
%s@%s
user@
@user
mail at example dot com
name@.com
name@com
.@example
a@b@c"""
HARMLESS = _HARMLESS.split("\n")


def lines() -> list[tuple[str, str, str]]:
    """Return lines as kind, value, line; of harmless ones kind and value are empty."""
    made = [
        (kind, value, SAID[kind][place % 3].format(value))
        for kind, values in PERSONAL.items()
        for place, value in enumerate(values)
    ]
    return made + [("", "", line) for line in HARMLESS]
