package check

import rego.v1

import input.input.request
import input.input.subject
import input.input.subject.creditAccount as account
import input.parameters

# Days as text sort as days do.
today := substring(input.at, 0, 10)

midnight := time.parse_rfc3339_ns(concat("", [today, "T00:00:00Z"]))

days_since(date) := (midnight - time.parse_rfc3339_ns(concat("", [date, "T00:00:00Z"]))) / 86400000000000

asked := to_number(request.amount)

default soon := false

soon if request.neededOn == null

soon if {
	request.neededOn != null
	0 - days_since(request.neededOn) <= parameters.horizonDays
}

owed := to_number(account.exposureDynamic.amount) if parameters.horizonDays <= 14

owed := to_number(account.exposure.amount) if parameters.horizonDays > 14

dynamic := owed + asked if soon

dynamic := owed if not soon

total := to_number(account.exposure.amount) + asked

default expired := false

expired if {
	account.limitUntil != null
	account.limitUntil < today
}

limit := to_number(account.limit.amount) if not expired

limit := 0 if expired

ceiling := limit * (1 + to_number(parameters.overLimit))

ceiling_static := limit * (1 + to_number(parameters.overLimitStatic))

default ceiling_group := null

ceiling_group := to_number(account.group.limit.amount) * (1 + to_number(parameters.overLimitStatic)) if {
	account.group.limit.currency == account.limit.currency
}

utilization := sprintf("%v", [round((dynamic / granted) * 10000) / 10000]) if {
	granted := to_number(account.limit.amount)
	granted > 0
}

utilization := "1" if {
	to_number(account.limit.amount) == 0
	dynamic > 0
}

utilization := "0" if {
	to_number(account.limit.amount) == 0
	dynamic == 0
}

# Each is its place among the others, its name, its reason, and what has to be paid to lift it. Amounts in reasons have a little on top,
# because `%.2f` gives whole numbers no places.
blockers contains [1, "on-hold", "finance has stopped deliveries to this customer", null] if account.onHold

blockers contains [2, "limit-expired", reason, null] if {
	expired
	reason := sprintf("the credit limit held until %s and was not renewed", [account.limitUntil])
}

blockers contains [3, "dunning", reason, null] if {
	parameters.maxDunningLevel != null
	account.dunningLevel >= parameters.maxDunningLevel
	reason := sprintf("the dunning level is %d; from %d on there is no further credit", [account.dunningLevel, parameters.maxDunningLevel])
}

blockers contains [4, "limit-static", reason, missing] if {
	missing := total - ceiling_static
	missing > 0
	currency := account.limit.currency
	reason := sprintf("all that is owed and ordered comes to %.2f %s, which exceeds %.2f %s by %.2f %s", [
		total + 0.0001, currency,
		ceiling_static + 0.0001, currency,
		missing + 0.0001, currency,
	])
}

blockers contains [5, "limit", reason, missing] if {
	soon
	missing := dynamic - ceiling
	missing > 0
	currency := account.limit.currency
	reason := sprintf("%.2f %s owed and %.2f %s asked for exceed %.2f %s by %.2f %s", [
		owed + 0.0001, currency,
		asked + 0.0001, currency,
		ceiling + 0.0001, currency,
		missing + 0.0001, currency,
	])
}

blockers contains [6, "group-limit", reason, to_pay] if {
	account.group != null
	[reason, to_pay] := group_limit
}

group_limit := [reason, null] if {
	account.group.accounts.totalCount > count(account.group.accounts.nodes)
	reason := sprintf("the group %s has %d accounts, more than can be added up here", [account.group.name, account.group.accounts.totalCount])
}

group_limit := [reason, null] if {
	account.group.accounts.totalCount <= count(account.group.accounts.nodes)
	not adds_up
	reason := sprintf("the group %s counts in several currencies, which cannot be added up", [account.group.name])
}

group_limit := [reason, missing] if {
	account.group.accounts.totalCount <= count(account.group.accounts.nodes)
	adds_up
	together := asked + sum([to_number(node.exposure.amount) | some node in account.group.accounts.nodes])
	missing := together - ceiling_group
	missing > 0
	currency := account.limit.currency
	reason := sprintf("the group %s would owe %.2f %s, which exceeds %.2f %s by %.2f %s", [
		account.group.name, together + 0.0001, currency,
		ceiling_group + 0.0001, currency,
		missing + 0.0001, currency,
	])
}

adds_up if {
	ceiling_group != null
	every node in account.group.accounts.nodes { node.exposure.currency == account.limit.currency }
}

blockers contains [7, "document-maximum", reason, null] if {
	parameters.documentMaximum != null
	most := to_number(parameters.documentMaximum)
	asked > most
	currency := account.limit.currency
	reason := sprintf("%.2f %s is asked for at once; orders above %.2f %s are looked at", [asked + 0.0001, currency, most + 0.0001, currency])
}

# The first of the open invoices is the oldest.
blockers contains [8, "oldest-open-item", reason, to_pay] if {
	parameters.oldestOpenItemDays != null
	first := subject.openInvoices.nodes[0]
	days := days_since(first.dueOn)
	days >= max([parameters.oldestOpenItemDays, 1])
	[end, to_pay] := old_invoices
	reason := sprintf("invoice %s is %d days overdue; from %d days on there is no further credit%s", [first.number, days, parameters.oldestOpenItemDays, end])
}

last_day := sprintf("%d-%02d-%02d", time.date(midnight - (max([parameters.oldestOpenItemDays, 1]) * 86400000000000)))

default more_are_old := false

more_are_old if {
	shown := count(subject.openInvoices.nodes)
	subject.openInvoices.totalCount > shown
	subject.openInvoices.nodes[shown - 1].dueOn <= last_day
}

old_invoices := [end, null] if {
	more_are_old
	end := sprintf(", and more than %d wait that long", [count(subject.openInvoices.nodes)])
}

old_invoices := [end, to_pay] if {
	not more_are_old
	to_pay := sum([rest |
		some invoice in subject.openInvoices.nodes
		invoice.dueOn <= last_day
		rest := to_number(invoice.amount.amount) - to_number(invoice.paidAmount.amount)
	])
	end := sprintf(": %.2f %s is to be paid first", [to_pay + 0.0001, account.limit.currency])
}

blockers contains [9, "overdue-share", reason, min([to_pay_of(excess, share, overdue), overdue])] if {
	parameters.overdueShare != null
	share := to_number(parameters.overdueShare)
	open := to_number(subject.openAmount.amount)
	overdue := to_number(subject.overdueAmount.amount)
	overdue > 0
	excess := overdue - (open * share)
	excess > 0
	reason := sprintf("%.2f %s of %.2f %s open is overdue, more than %v %%", [
		overdue + 0.0001, subject.overdueAmount.currency,
		open + 0.0001, subject.openAmount.currency,
		share * 100,
	])
}

# Up to whole cents, but not for what floats bring along.
to_pay_of(excess, share, _) := ceil(((excess / (1 - share)) * 100) - 0.000001) / 100 if share < 1

to_pay_of(_, share, overdue) := overdue if share >= 1

lasting if {
	some [_, _, _, null] in blockers
}

amount_to_pay := null if lasting

amount_to_pay := sprintf("%v", [round(most * 100) / 100]) if {
	not lasting
	most := max([to_pay | some [_, _, _, to_pay] in blockers])
}

overdue_invoices := [reason |
	some place in [0, 1, 2]
	invoice := subject.openInvoices.nodes[place]
	invoice.dueOn < today
	reason := sprintf("invoice %s over %.2f %s is %d days overdue", [
		invoice.number, to_number(invoice.amount.amount) + 0.0001,
		invoice.amount.currency, days_since(invoice.dueOn),
	])
]

verdict := {"outcome": "APPROVED", "amountToPay": "0", "reasons": [reason]} if {
	count(blockers) == 0
	currency := account.limit.currency
	reason := sprintf("%.2f %s of %.2f %s are used after this", [dynamic + 0.0001, currency, ceiling + 0.0001, currency])
}

verdict := {"outcome": "HELD", "amountToPay": amount_to_pay, "reasons": reasons} if {
	count(blockers) > 0
	reasons := array.concat([reason | some [_, _, reason, _] in blockers], overdue_invoices)
}

default ceiling_group_told := null

ceiling_group_told := sprintf("%v", [round(ceiling_group * 100) / 100]) if ceiling_group != null

answer := {
	"output": {
		"outcome": verdict.outcome,
		"utilization": utilization,
		"exposure": sprintf("%v", [round(total * 100) / 100]),
		"exposureDynamic": sprintf("%v", [round(dynamic * 100) / 100]),
		"ceiling": sprintf("%v", [round(ceiling * 100) / 100]),
		"ceilingStatic": sprintf("%v", [round(ceiling_static * 100) / 100]),
		"ceilingGroup": ceiling_group_told,
		"amountToPay": verdict.amountToPay,
		"blockers": [name | some [_, name, _, _] in blockers],
	},
	"reasons": verdict.reasons,
} if account != null

answer := {
	"output": {
		"outcome": "HELD",
		"utilization": "1",
		"exposure": null,
		"exposureDynamic": null,
		"ceiling": null,
		"ceilingStatic": null,
		"ceilingGroup": null,
		"amountToPay": null,
		"blockers": ["no-account"],
	},
	"reasons": ["the customer has no credit account"],
} if account == null
