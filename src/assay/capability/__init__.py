"""Computing CAPABILITY: what a verified-correct result costs, in money and time, and how sure that is.

`evidence` says what is known of a configuration, `measure` what a verified-correct result of it costs, `ranking` which
of several is cheapest as far as can be told, `standard` whether errors that escape are few enough for sure, and
`add_ons` what would make them so, at what price.
"""
