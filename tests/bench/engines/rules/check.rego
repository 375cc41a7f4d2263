package check

import rego.v1

account := input.input.subject.creditAccount

asked := to_number(input.input.request.amount)

limit := to_number(account.limit.amount)

exposure := to_number(account.exposure.amount)

owed := exposure + asked

ceiling := limit * (1 + to_number(input.parameters.overLimit))

# Two places, as amounts are written.
amount_of(amount) := sprintf("%d.%s%d", [whole, concat("", ["0" | cents < 10]), cents]) if {
	all_cents := round(amount * 100)
	whole := floor(all_cents / 100)
	cents := all_cents - (whole * 100)
}

utilization := "1" if account == null

utilization := sprintf("%v", [round((owed / limit) * 10000) / 10000]) if {
	account != null
	limit > 0
}

utilization := "1" if {
	account != null
	limit == 0
	owed > 0
}

utilization := "0" if {
	account != null
	limit == 0
	owed == 0
}

default held := true

held := false if {
	account != null
	not account.onHold
	owed <= ceiling
}

outcome := "HELD" if held

outcome := "APPROVED" if not held

reasons := ["the customer has no credit account"] if account == null

reasons := ["finance has stopped deliveries to this customer"] if account.onHold

reasons := [reason] if {
	not held
	reason := sprintf("%s %s of %s %s are used after this", [amount_of(owed), account.limit.currency, amount_of(ceiling), account.limit.currency])
}

reasons := array.concat([reason], overdue) if {
	held
	account.onHold == false
	currency := account.limit.currency
	reason := sprintf("%s %s owed and %s %s asked for exceed %s %s by %s %s", [
		amount_of(exposure), currency, amount_of(asked), currency,
		amount_of(ceiling), currency, amount_of(owed - ceiling), currency,
	])
}

today := time.parse_rfc3339_ns(input.at)

overdue := [reason |
	some invoice in input.input.subject.openInvoices.nodes
	due := time.parse_rfc3339_ns(sprintf("%sT00:00:00Z", [invoice.dueOn]))
	days := floor((today - due) / 86400000000000)
	days > 0
	reason := sprintf("invoice %s over %s %s is %d days overdue", [invoice.number, amount_of(to_number(invoice.amount.amount)), invoice.amount.currency, days])
]

answer := {"output": {"outcome": outcome, "utilization": utilization}, "reasons": reasons}
