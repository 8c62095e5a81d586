package mission

import (
	"fmt"
	"slices"

	"lifeline120/internal/ems"
)

// orderMoves says what an order can become (DLV-005). An answer may arrive before the one that it presupposes, and after expiry: the
// crew may have accepted in time on a dead link, and is then on its way.
var orderMoves = map[ems.OrderState][]ems.OrderState{
	ems.OrderQueued:    {ems.OrderDelivered, ems.OrderSeen, ems.OrderAccepted, ems.OrderRefused, ems.OrderWithdrawn, ems.OrderExpired},
	ems.OrderDelivered: {ems.OrderSeen, ems.OrderAccepted, ems.OrderRefused, ems.OrderWithdrawn},
	ems.OrderSeen:      {ems.OrderAccepted, ems.OrderRefused, ems.OrderWithdrawn},
	ems.OrderExpired:   {ems.OrderDelivered, ems.OrderSeen, ems.OrderAccepted, ems.OrderRefused, ems.OrderWithdrawn},
	ems.OrderAccepted:  {ems.OrderWithdrawn}, // with its mission, which is recalled or aborted
	ems.OrderRefused:   {},
	ems.OrderWithdrawn: {},
}

// MoveOrder says whether an order may go from one state to another; the refusal says both ends.
func MoveOrder(from, to ems.OrderState) error {
	if !slices.Contains(orderMoves[from], to) {
		return fmt.Errorf("order: %s cannot become %s", from, to)
	}
	return nil
}

// Waiting says that an order still wants the crew's acceptance.
func Waiting(o ems.OrderState) bool {
	return o == ems.OrderQueued || o == ems.OrderDelivered || o == ems.OrderSeen
}
