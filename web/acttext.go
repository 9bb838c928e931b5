package web

import "strings"

// Words is a fixed text of an act of handover in the three languages in which it is printed.
type Words struct{ Hy, Ru, En string }

// say returns a text of the table. What is not there, such as a thing that commanders added to an inventory, stands as it was written in all three.
func say(key string, pairs ...string) Words {
	w, ok := actWords[key]
	if !ok {
		_, plain, cut := strings.Cut(key, "-")
		if !cut {
			plain = key
		}
		return Words{plain, plain, plain}
	}
	r := strings.NewReplacer(pairs...)
	return Words{r.Replace(w.Hy), r.Replace(w.Ru), r.Replace(w.En)}
}

// thing returns the words for a line of an inventory, and check those for a line of readiness.
func thing(what string) Words    { return say("what-" + what) }
func checked(id string) Words    { return say("check-" + id) }
func inState(state string) Words { return say("state-" + state) }

// One reports whether all three are the same, so that they need to stand only once.
func (w Words) One() bool { return w.Hy == w.Ru && w.Ru == w.En }

// actWords are all fixed texts of the act: Armenian, Russian, English. Names in braces are filled in.
var actWords = map[string]Words{
	"title":    {"Սահմանային հսկողության հանձնման-ընդունման ակտ", "Акт приёма-передачи пограничного контроля", "Act of handover of border control"},
	"exercise": {"ՎԱՐԺԱՆՔ. ամեն ինչ հորինված է, և սա որևէ պետության ակտ չէ։", "УЧЕНИЕ: всё вымышлено, актом какого-либо государства не является.", "EXERCISE: all of it is invented, and this is no act of any state."},
	"statement": {
		"Սույն ակտով հաստատվում է, որ ստորև նշված վայրի նկատմամբ հսկողությունը {from} կողմը հանձնել է, իսկ {to} կողմն ընդունել է՝ ստորև նշված իրավական հիմքով և նշված պահին։",
		"Настоящим актом удостоверяется, что контроль над указанным ниже местом передан стороной {from} и принят стороной {to} на указанном ниже правовом основании и в указанный момент.",
		"This act certifies that control of the place named below was handed over by {from} and taken over by {to}, on the legal ground and at the instant named below.",
	},
	"parties":  {"Կողմերը", "Стороны", "Parties"},
	"outgoing": {"Հանձնող կողմ", "Передающая сторона", "Outgoing authority"},
	"incoming": {"Ընդունող կողմ", "Принимающая сторона", "Incoming authority"},
	"place":    {"Վայր", "Место", "Place"},
	"lanes":    {"Ուղեգոտիներ", "Полосы", "Lanes"},
	"whole":    {"ամբողջ վայրը", "всё место целиком", "the whole place"},
	"ground":   {"Իրավական հիմք (հոդված)", "Правовое основание (статья)", "Legal ground (article)"},
	"instant":  {"Համաձայնեցված պահ", "Согласованный момент", "Agreed instant"},
	"passed":   {"Հսկողության փաստացի անցում", "Фактический переход контроля", "Control passed"},
	"entry":    {"մատյանի գրառում", "запись журнала", "entry"},
	"cases":    {"Հանձնման տեսակը", "Вид передачи", "Cases"},
	"ordinary": {"սովորական", "обычная", "the ordinary one"},

	"case-early":      {"վաղաժամկետ", "досрочная", "early"},
	"case-late":       {"ժամկետից ուշ", "с опозданием", "late"},
	"case-partial":    {"մասնակի", "частичная", "partial"},
	"case-refused":    {"կողմերից մեկը հայտարարել է հրաժարման մասին", "одна из сторон заявила об отказе", "a side declared that it would not arm"},
	"case-unilateral": {"միակողմանի", "односторонняя", "unilateral"},

	"inventory":             {"Գույքագրում", "Опись", "Inventory"},
	"what":                  {"Անվանում", "Наименование", "What"},
	"counted":               {"Հաշվել է՝ {who}", "Подсчитано: {who}", "Counted by {who}"},
	"difference":            {"Տարբերություն", "Расхождение", "Difference"},
	"equal":                 {"չկա", "нет", "none"},
	"measured":              {"հաշվել է հանգույցը", "подсчитано узлом", "counted by the node"},
	"what-people-held":      {"Պահվող անձինք", "Удерживаемые лица", "People held"},
	"what-documents-held":   {"Պահվող փաստաթղթեր", "Удерживаемые документы", "Documents held"},
	"what-stamps":           {"Դրոշմակնիքներ", "Штампы", "Stamps"},
	"what-seals":            {"Կնիքներ և կապարակնիքներ", "Печати и пломбы", "Seals"},
	"what-keys":             {"Բանալիներ", "Ключи", "Keys"},
	"what-consumables":      {"Ծախսանյութեր", "Расходные материалы", "Consumables"},
	"what-open-inspections": {"Չավարտված ստուգումներ", "Незавершённые проверки", "Open inspections"},
	"what-crossings-today":  {"Այսօր որոշված հատումներ", "Пересечений решено сегодня", "Crossings decided today"},
	"what-crossings":        {"Որոշված հատումներ", "Решённые пересечения", "Crossings decided"},

	"alerts":   {"Հանձնող կողմի ահազանգերը", "Ориентировки передающей стороны", "Alerts of the outgoing authority"},
	"in-force": {"Գործող", "Действовало", "In force"},
	"adopted":  {"Ստանձնված", "Принято", "Adopted"},
	"returned": {"Վերադարձված", "Возвращено", "Returned"},
	"lapsed":   {"Դադարած", "Прекращено", "Lapsed"},

	"readiness":         {"Պատրաստվածությունը փաստաթուղթը կազմելիս", "Готовность при составлении документа", "Readiness as it was"},
	"state-good":        {"պատշաճ", "в порядке", "good"},
	"state-attention":   {"ուշադրություն", "внимание", "attention"},
	"state-missing":     {"բացակայում է", "отсутствует", "missing"},
	"check-officers":    {"Հերթափոխերի ծառայողներ", "Сотрудники по сменам", "Officers enrolled for every shift"},
	"check-lists":       {"Բեռնված ցուցակներ", "Загруженные списки", "Lists loaded"},
	"check-mirror":      {"Մատյանի հայելի", "Зеркало журнала", "Mirror of the incoming authority"},
	"check-clock":       {"Ժամացույց", "Часы", "Clock"},
	"check-commanders":  {"Լիազորված հրամանատարներ", "Уполномоченные командиры", "Commanders who can sign"},
	"check-inspections": {"Չավարտված ստուգումներ", "Незавершённые проверки", "Open inspections"},
	"check-head":        {"Մատյանի ստորագրված գլուխ", "Подписанная голова журнала", "Signed head of the journal"},
	"check-disk":        {"Տեղ սկավառակի վրա", "Место на диске", "Room on the disk"},

	"execution":  {"Անցման պահին", "В момент перехода", "When control passed"},
	"open":       {"Չավարտված ստուգումներ, որոնք ավարտում է ընդունող կողմը", "Незавершённые проверки, которые завершает принимающая сторона", "Open inspections, which the incoming authority finishes"},
	"crossings":  {"Մինչ այդ որոշված հատումներ", "Решено пересечений до этого", "Crossings decided before it"},
	"ends":       {"Հասանելիությունը դադարեցված է", "Доступ прекращён", "Access ended"},
	"destroys":   {"Հանգույցում ոչնչացվում է", "На узле уничтожается", "Destroyed at the node"},
	"none":       {"չկա", "нет", "none"},
	"part-lists": {"ցուցակներ", "списки", "lists"},
	"part-hits":  {"համընկնումներ", "совпадения", "hits"},

	"mirrors":    {"Մատյանի հայելիներ", "Зеркала журнала", "Mirrors of the journal"},
	"mirrored":   {"ստացված գրառումներ՝ {n}, դեռ չստացված հատումներ՝ {missing}", "получено записей: {n}, ещё не получено пересечений: {missing}", "entries there: {n}, crossings not yet there: {missing}"},
	"no-mirrors": {"Հայելիներ չկան. դեռ ոչինչ ստացված չէ", "Зеркал нет: ещё ничего не получено", "No mirror: nothing is there yet"},
	"clocks":     {"Ժամացույցների ցուցմունքը", "Показания часов", "What the clocks showed"},
	"from-node":  {"հանգույց", "узел", "node"},
	"from-boot":  {"մեքենայի ներքին ժամաչափ", "внутренний таймер машины", "the machine's own timer"},
	"silent":     {"ցուցմունք չկա", "показаний нет", "showed nothing"},

	"armed":       {"Հանձնումը թույլատրած ստորագրությունները", "Подписи, разрешившие передачу", "Signatures that armed the transfer"},
	"closed":      {"Ակտի ստորագրությունները", "Подписи под актом", "Signatures of this act"},
	"by-passkey":  {"անցաբանալի", "ключ доступа (passkey)", "passkey"},
	"by-key":      {"մարմնի ստորագրման բանալի", "ключ подписи органа", "the authority's own key"},
	"by-exercise": {"վարժանքի բանալի", "ключ учения", "key of the exercise"},
	"not-armed":   {"չի ստորագրել", "не подписано", "not signed"},
	"name":        {"Անուն, կոչում", "Имя, звание", "Name, rank"},
	"signature":   {"Ստորագրություն", "Подпись", "Signature"},
	"date":        {"Ամսաթիվ", "Дата", "Date"},

	"proof":             {"Ստուգում", "Проверка", "Proof"},
	"instrument-digest": {"Հանձնման փաստաթղթի հաշ-գումարը", "Хеш-сумма документа о передаче", "Digest of the instrument"},
	"act-digest":        {"Սույն ակտի հաշ-գումարը", "Хеш-сумма настоящего акта", "Digest of this act"},
	"head":              {"Մատյանի ստորագրված գլուխը", "Подписанная голова журнала", "Signed head of the journal"},
	"entries":           {"Մատյանի գրառումները", "Записи журнала", "Entries of the journal"},
	"check": {
		"Յուրաքանչյուր ոք կարող է ստուգել այս ակտը՝ ունենալով միայն երկու կողմերի բաց բանալիները. marz verify ծրագիրը կարդում է ստորև բերված կոդերը։",
		"Проверить этот акт может каждый, имея лишь открытые ключи обеих сторон: программа marz verify читает приведённые ниже коды.",
		"Anybody can check this act with the public keys of both authorities alone: marz verify reads the codes below.",
	},
	"code": {"Կոդ {k}/{n}", "Код {k}/{n}", "Code {k} of {n}"},
}
