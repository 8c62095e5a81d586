// Package alarm has the judgement about alarms: the catalogue of technical ones, whom an alarm reaches by time alone (ALM-005), which
// press is which alarm (ALM-004), how floods are grouped (ALM-006), and whose an alarm is. State in, judgement out.
package alarm

import "lifeline120/internal/ems"

// Code names a technical alarm.
type Code string

// The technical alarms.
const (
	OrderUnanswered  Code = "order_unanswered"
	OrderExpired     Code = "order_expired"
	OrderRefused     Code = "order_refused"
	OrderCrossed     Code = "order_crossed"
	IncidentWaiting  Code = "incident_waiting"
	NoticeUnanswered Code = "notice_unanswered"
	NoticeRejected   Code = "notice_rejected"
	DeviceDemo       Code = "device_demo"
	DeviceLost       Code = "device_lost"
	LinkLost         Code = "link_lost"
	ClockOff         Code = "clock_off"
	IdentityConflict Code = "identity_conflict"
	LostRange        Code = "lost_range"
	StoreSilent      Code = "store_silent"
	EntryRefused     Code = "entry_refused"
	EntryDamaged     Code = "entry_damaged"
)

// Priorities of alarms, after IEC 60601-1-8: how urgently a person must act.
const (
	High   = "high"
	Medium = "medium"
)

// Entry is one technical alarm: its number for speech and paper, what it says, and what to do about it.
type Entry struct {
	Code     Code
	Number   int // for life; a number that goes is never used again
	Priority string
	Zh, En   string // what is wrong
	DoZh     string // what to do
	DoEn     string
	Latches  bool // stays until a person handles it, though its condition has ended
}

// Catalogue is every technical alarm, by number.
var Catalogue = [...]Entry{
	{OrderUnanswered, 201, High, "指令30秒未接受", "Order not accepted for 30 s", "电话联系车组，或改派", "Call the crew, or send another unit", false},
	{OrderExpired, 202, High, "指令未送达，已失效", "Order did not arrive and has expired", "电话联系车组，或改派", "Call the crew, or send another unit", false},
	{OrderRefused, 203, High, "车组拒绝指令", "Crew refused the order", "立即改派其他车辆", "Send another unit now", true},
	{OrderCrossed, 204, High, "指令撤回后车组仍接受", "Crew accepted an order that had been withdrawn", "电话告知车组任务已取消", "Call the crew: the mission is off", true},
	{IncidentWaiting, 205, High, "急救事件待派超过2分钟", "Emergency has waited 2 min for a unit", "立即派车；无车可派时查看最后手段", "Send a unit now; with none fit look at the last resort", false},
	{NoticeUnanswered, 211, High, "医院未应答病情预报", "Hospital has not answered the notice", "电话联系医院", "Call the hospital", false},
	{NoticeRejected, 212, High, "医院拒收", "Hospital rejected the notice", "车辆仍前往原医院；需要时改送", "The unit keeps its destination; redirect it if needed", true},
	{DeviceDemo, 301, High, "执行任务车辆的设备处于演示状态", "Device in demo mode on a unit on a mission", "数值不可用于诊疗；请车组关闭演示", "Do not use its values; ask the crew to leave demo mode", false},
	{DeviceLost, 302, Medium, "执行任务车辆的设备无数据", "No data from a device on a unit on a mission", "请车组检查线缆和电源", "Ask the crew to check cable and power", false},
	{LinkLost, 303, Medium, "执行任务车辆失联", "No link to a unit on a mission", "电话联系车组", "Call the crew", false},
	{ClockOff, 304, Medium, "时钟偏差超过30秒", "Clock is off by more than 30 s", "核对该设备时间；录入的时间可能不准", "Check that clock; times entered there may be wrong", false},
	{IdentityConflict, 401, Medium, "车辆存储冲突：同一序号内容不同", "A unit sent other bytes under a known number", "两份均已保存；请技术员检查该车终端", "Both are kept; have a technician check the terminal", true},
	{LostRange, 402, Medium, "车辆数据有缺失", "Data of a unit is lost for good", "缺失时段见记录；核对病历", "The record shows which; check the patient's record", true},
	{StoreSilent, 501, High, "数据库无响应，新记录未落盘", "Store does not answer: new entries are not recorded", "继续工作；纸质同步记录，通知技术员", "Work on, keep paper notes, call a technician", false},
	{EntryRefused, 502, High, "有记录被数据库拒绝，未保存", "The store refused an entry: it is not kept", "核对刚才的操作是否生效；通知技术员", "Check what was done last, and call a technician", true},
	{EntryDamaged, 503, High, "停库期间暂存的操作有损坏，未能入库", "Acts kept while the store was silent are damaged: not recorded", "对照纸质记录，补录停库期间缺少的操作；请技术员查看损坏文件", "Enter again from the paper notes what is missing of that time; a technician looks at the damaged file", true},
}

// Find gives the entry of a code.
func Find(c Code) (Entry, bool) {
	for _, e := range Catalogue {
		if e.Code == c {
			return e, true
		}
	}
	return Entry{}, false
}

// Sound names what a screen plays for an alarm; each kind is told by ear from the others.
func Sound(a ems.Alarm) string {
	switch a.Kind {
	case ems.CrewSOS:
		return "crew_sos"
	case ems.CallerAlarm:
		return "caller"
	case ems.DeviceAlarm:
		return "device"
	case ems.TechAlarm:
		return "tech_" + a.Priority
	}
	return "crew_sos" // an unknown kind is taken for the gravest
}
