package terms

import rego.v1

parameters := input.parameters

subject := input.input.subject

excess := subject.averageDaysLate - parameters.lateAfterDays

late if {
	excess > 0
	parameters.netDays > 0
}

default net_days := 0

net_days := max([parameters.netDays - excess, 0]) if late

net_days := parameters.netDays if not late

default without_discount := false

without_discount if {
	to_number(parameters.discount) > 0
	to_number(subject.overdueAmount.amount) > 0
}

without_discount if {
	to_number(parameters.discount) > 0
	subject.creditAccount.dunningLevel >= 2
}

discount := "0" if without_discount

discount := parameters.discount if not without_discount

discount_days := 0 if without_discount

discount_days := min([parameters.discountDays, net_days]) if {
	not without_discount
	late
}

discount_days := parameters.discountDays if {
	not without_discount
	not late
}

answer := {"netDays": net_days, "discount": discount, "discountDays": discount_days}
