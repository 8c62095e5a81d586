package ems

// Node is a named instant of a mission (节点). A node belongs to a mission, not to a unit (DSP-004).
type Node string

// The nodes of a mission, in their order. docs/words.md lists them beside their Chinese names.
const (
	NodeOrdered      Node = "ordered"      // 派车
	NodeAcknowledged Node = "acknowledged" // 接收任务
	NodeDeparted     Node = "departed"     // 出车
	NodeAtScene      Node = "at_scene"     // 到达现场
	NodeContact      Node = "contact"      // 接触患者 (FMC)
	NodeLeftScene    Node = "left_scene"   // 离开现场
	NodeAtHospital   Node = "at_hospital"  // 到达医院
	NodeHandedOver   Node = "handed_over"  // 交接完成
	NodeAvailable    Node = "available"    // 途中待命
	NodeAtStation    Node = "at_station"   // 站内待命
)

// Nodes lists every node in order.
var Nodes = [...]Node{NodeOrdered, NodeAcknowledged, NodeDeparted, NodeAtScene, NodeContact, NodeLeftScene, NodeAtHospital,
	NodeHandedOver, NodeAvailable, NodeAtStation}

// Source says who or what set a node's time.
type Source string

// Node sources.
const (
	SourceKey      Source = "key"      // the crew touched it
	SourceGeofence Source = "geofence" // proposed by position, confirmed by key
	SourceDesk     Source = "desk"     // entered at a desk
	SourceDevice   Source = "device"
	SourceImport   Source = "import"
)

// How an arrival is foretold.
const (
	ETAByRoads = "roads"
	ETAByLine  = "straight_line" // times a stated detour
)

// AlarmKind is who raised an alarm.
type AlarmKind string

// Alarm kinds.
const (
	CallerAlarm AlarmKind = "caller"   // 呼救者一键报警, by the phone's page
	CrewSOS     AlarmKind = "crew_sos" // 车组紧急求助
	DeviceAlarm AlarmKind = "device"   // a device by HTTP
	TechAlarm   AlarmKind = "tech"     // technical: a fault of a unit, a device, a store
)

// Priority of an incident, as the screens show it: A 危重, B 急, C 普通, D 非急.
type Priority string

// Priorities.
const (
	PriorityA Priority = "A"
	PriorityB Priority = "B"
	PriorityC Priority = "C"
	PriorityD Priority = "D"
)

// UnitKind is what a unit is built for.
type UnitKind string

// Unit kinds (QC/T 457 classes as the cities use them).
const (
	UnitOrdinary   UnitKind = "A" // 普通型
	UnitMonitoring UnitKind = "B" // 监护型
	UnitNegative   UnitKind = "C" // 负压型
	UnitSpecial    UnitKind = "D" // 特殊用途
	UnitAir        UnitKind = "air"
	UnitTransport  UnitKind = "transport" // 非急救转运, never for an emergency (DSP-001)
)

// Incident types.
type IncidentType string

// Incident types (事件类型).
const (
	Emergency IncidentType = "emergency" // 急救
	Transport IncidentType = "transport" // 非急救
	Transfer  IncidentType = "transfer"  // 转院
)
