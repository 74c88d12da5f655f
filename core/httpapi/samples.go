package httpapi

import (
	"net/http"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

// What the document shows as examples. A test sends the requests and holds the
// answers against their schemas, so they can not grow old.

const (
	sampleAt      = "2026-11-23T09:30:00.250Z"
	sampleAgent   = `{"id":"a_7zk3c9q0m2","name":"amy","display":"Amy","role":"agent","groups":["default"],"capacity":5,"weight":1,"avatar":"","disabled":false,"version":3}`
	sampleGroup   = `{"id":"sales","name":"Sales","timeouts":{"assistant":"20s","agent":"2m","visitor":"30m","warning":"5m","abandoned":"72h","return":"10m"},"version":"q3Vx0d9mZ1cLr8Ty"}`
	sampleBlock   = `{"visitor":"v_3c9q0m2x8r","reason":"spam","by":"a_7zk3c9q0m2","at":"` + sampleAt + `","until":"2026-11-23T10:30:00.250Z"}`
	sampleHead    = `{"id":"c_5w1t6y4b9d","site":"default","visitor":{"id":"v_3c9q0m2x8r","online":true},"phase":"waiting","session":1,"since":"` + sampleAt + `","seq":3,"read":{"visitor":3,"agent":0}}`
	sampleEvent   = `{"conversation":"c_5w1t6y4b9d","seq":2,"prev":1,"at":"` + sampleAt + `","session":1,"by":{"kind":"visitor","id":"v_3c9q0m2x8r"},"body":{"kind":"text","text":"Is it in stock?"}}`
	sampleReply   = `{"id":"r_7zk3c9q0m2","title":"Welcome","text":"Hello {{visitor.name}}, this is {{agent.name}}.","shortcut":"hi","shared":true,"group":"sales","owner":"a_7zk3c9q0m2","version":1}`
	sampleHook    = `{"id":"w_7zk3c9q0m2","url":"https://shop.example/hooks","secret":"••••mM8=","kinds":["text"],"sites":[],"internal":false,"by":"a_7zk3c9q0m2","at":"` + sampleAt + `","disabled":false}`
	sampleChannel = `{"id":"n_7zk3c9q0m2","version":1,"name":"Night shift","kind":"wecom","url":"••••4f2a","secret":"","to":[],"after":60,"waiting":true,"unread":true,"groups":[],"lang":"zh","link":"https://desk.example/console/","off":false}`
	sampleSpread  = `{"count":1,"mean":20,"p50":20,"p90":20,"max":20}`
	sampleRow     = `{"key":"2026-11-23","sessions":1,"bot":0,"answered":1,"missed":0,"open":0,"wait":` + sampleSpread + `,"response":` + sampleSpread + `,"duration":` + sampleSpread + `,"scores":[0,0,0,0,1]}`
	sampleList    = `[{"path":"sites[default].timeouts.agent","before":"3m","after":"2m"}]`
	sampleArticle = `{"id":"k_7zk3c9q0m2x8r5w1","site":"default","title":"Returns","text":"You can return shoes within 30 days.","url":"https://shop.example/returns","by":"a_7zk3c9q0m2","at":"` + sampleAt + `","version":1}`
	sampleAsked   = `{"id":"5c1e0f9a7b3d2e4f6a8b","question":"Do you ship to Norway?","reason":"unanswered","count":4,"at":"` + sampleAt + `","conversation":"c_5w1t6y4b9d","proposal":"Yes, within five days."}`
)

// sample returns an example of the bodies of an operation; empty: it has none.
func sample(operation string) (request, answer string) {
	for _, of := range []func(string) (request, answer string){staffSample, talkSample, assistSample, setUpSample} {
		if request, answer = of(operation); request != "" || answer != "" {
			break
		}
	}
	return request, answer
}

// staffSample has accounts and groups.
func staffSample(operation string) (request, answer string) {
	switch operation {
	case "login":
		return `{"name":"amy","password":"walnut-lantern-42-meadow"}`, `{"token":"…","agent":` + sampleAgent + `}`
	case "list-agents":
		return "", `{"agents":[` + sampleAgent + `]}`
	case "create-agent":
		return `{"name":"amy","password":"walnut-lantern-42-meadow","display":"Amy"}`, sampleAgent
	case "read-agent":
		return "", sampleAgent
	case "change-agent":
		return `{"capacity":5,"groups":["default"],"version":2}`, sampleAgent
	case "list-groups":
		return "", `{"groups":[{"id":"default","name":"Service","version":"Pn4s1kTz7Yb0aWqE"},` + sampleGroup + `]}`
	case "create-group":
		return `{"id":"sales","name":"Sales","timeouts":{"agent":"2m"}}`, sampleGroup
	case "update-group":
		return `{"timeouts":{"agent":"2m"},"version":"Pn4s1kTz7Yb0aWqE"}`, sampleGroup
	default:
		return "", ""
	}
}

// talkSample has conversations, visitors and files.
func talkSample(operation string) (request, answer string) {
	switch operation {
	case "list-conversations":
		return "", `{"conversations":[` + sampleHead + `]}`
	case "list-sites":
		return "", `{"sites":[{"id":"default","name":"Halfhill Tea"}]}`
	case "search-messages":
		return "", `{"found":[{"conversation":` + sampleHead + `,"event":` + sampleEvent + `}],"looked":100,"since":"` + sampleAt + `","next":"MTIzLjAuY18x"}`
	case "read-conversation":
		return "", sampleHead
	case "read-events":
		return "", `{"type":"events","conversation":"c_5w1t6y4b9d","events":[` + sampleEvent + `],"more":false}`
	case "send-event":
		return `{"body":{"kind":"text","text":"Your parcel is on its way."}}`,
			`{"conversation":"c_5w1t6y4b9d","seq":4,"at":"` + sampleAt + `"}`
	case "list-visitors":
		return "", `{"visitors":[{"id":"v_3c9q0m2x8r","site":"default","conversation":"c_5w1t6y4b9d","verified":false,"lang":"zh-CN","device":"iPhone · WeChat","page":{"url":"https://shop.example/cart","title":"Cart"},"since":"` + sampleAt + `","pages":3,"sessions":0,"invited":false}],"more":false}`
	case "read-visitor":
		return "", `{"id":"v_3c9q0m2x8r","site":"default","conversation":"c_5w1t6y4b9d","verified":false,"lang":"zh-CN","device":"iPhone · WeChat","online":true,"first":"` + sampleAt + `","seen":"` + sampleAt +
			`","pages":[{"url":"https://shop.example/cart","title":"Cart","at":"` + sampleAt + `"}],"sessions":[{"session":1,"began":"` + sampleAt + `","said":4}],"more":false}`
	case "invite-visitor":
		return `{"site":"default","text":"Any questions about your cart?"}`, ""
	case "read-why":
		return "", `{"tier":"group","key":"v_3c9q0m2x8r","members":2,"shard":2,"removed":[{"agent":{"id":"a_7zk3c9q0m2","name":"Amy"},"bar":"full"}]}`
	case "read-floor":
		return "", `{"at":"` + sampleAt + `","groups":[{"id":"default","name":"Service","waiting":0,"more":false,"online":1,"seats":5,"free":3}],"agents":[{"id":"a_7zk3c9q0m2","name":"Amy","role":"agent","groups":["default"],"status":"online","held":2,"capacity":5}]}`
	case "create-upload":
		return "", `{"url":"/v1/files/f_7zk3c9q0m2x8r5w1t6y4b9d0ha/shoe.jpg","name":"shoe.jpg","size":48213,"mime":"image/jpeg","width":1200,"height":900}`
	case "poll":
		return `{"frames":[{"type":"hello","v":1,"origin":"k3Jd82ha0s","lang":"zh-CN"}]}`,
			`[{"type":"welcome","v":1,"role":"visitor","token":"…","epoch":"e_1","n":0},{"type":"next","seconds":0}]`
	case "list-blocks":
		return "", `{"blocks":[` + sampleBlock + `]}`
	case "create-block":
		return `{"visitor":"v_3c9q0m2x8r","reason":"spam","minutes":60}`, sampleBlock
	default:
		return "", ""
	}
}

// assistSample has the receptionist and its knowledge.
func assistSample(operation string) (request, answer string) {
	switch operation {
	case "list-articles":
		return "", `{"articles":[` + sampleArticle + `],"most":2000,"mostBytes":8388608}`
	case "put-article":
		return `{"site":"default","title":"Returns","text":"You can return shoes within 30 days.","url":"https://shop.example/returns"}`, sampleArticle
	case "import-articles":
		return `{"site":"default","name":"faq.csv","data":"cXVlc3Rpb24sYW5zd2VyCklzIGl0IG9wZW4/LFllcywgZnJvbSA5IHRvIDYuCg=="}`, `{"articles":[` + sampleArticle + `],"most":2000,"mostBytes":8388608}`
	case "search-knowledge":
		return "", `{"passages":[{"article":"k_7zk3c9q0m2x8r5w1","title":"Returns","text":"You can return shoes within 30 days."}]}`
	case "list-questions":
		return "", `{"questions":[` + sampleAsked + `]}`
	case "propose-answer":
		return "", sampleAsked
	case "settle-question":
		return `{"site":"default","question":"Do you ship to Norway?","answer":"Yes, within five days."}`, ""
	case "assist-figures":
		return "", `{"days":[{"day":"2026-11-23","sessions":120,"resolved":81,"answers":260,"cited":203,"handed":{"request":22,"unanswered":17},"first":0.9,"in":310200,"out":40150,"cost":0.07}]}`
	case "try-assistant":
		return `{"site":"default","lines":[{"visitor":true,"text":"Can I send them back?"}]}`,
			`{"text":"Yes, within 30 days [1].","sources":[{"id":"k_7zk3c9q0m2x8r5w1","title":"Returns","url":"https://shop.example/returns"}]}`
	case "test-assistant":
		return "", `{"faults":["sites[0].receptionist.providers[0]: api.openai.com (gpt-4o-mini): it does not take the key (401)"],"models":[{"location":"body.sites[0].receptionist.providers[0]","kind":"key","message":"api.openai.com (gpt-4o-mini): it does not take the key (401)"}]}`
	case "suggest-reply":
		return "", `{"text":"Yes, within 30 days.","sources":[{"id":"k_7zk3c9q0m2x8r5w1","title":"Returns"}]}`
	case "summarize":
		return "", `{"text":"Wants to return order 1042; was told about the 30 days."}`
	case "translate":
		return `{"seq":2,"to":"en"}`, `{"text":"Is it in stock?"}`
	default:
		return "", ""
	}
}

// setUpSample has what is set up, and what comes of it.
func setUpSample(operation string) (request, answer string) {
	switch operation {
	case "get-settings", "put-settings":
		s := string(codec.AppendSettings(nil, sampleSettings()))
		return s, s
	case "settings-history":
		return "", `{"versions":[{"version":7,"at":"` + sampleAt + `","by":"a_7zk3c9q0m2","changes":` + sampleList + `}],"next":7}`
	case "rollback-settings":
		return `{"version":6}`, string(codec.AppendSettings(nil, sampleSettings()))
	case "list-replies":
		return "", `{"replies":[` + sampleReply + `]}`
	case "create-reply":
		return `{"title":"Welcome","text":"Hello {{visitor.name}}, this is {{agent.name}}.","shortcut":"hi"}`, sampleReply
	case "change-reply":
		return `{"title":"Welcome","version":1}`, sampleReply
	case "read-totp":
		return "", `{"enabled":true,"recovery":10,"required":false,"enrolled":["a_7zk3c9q0m2"]}`
	case "begin-totp":
		return `{"current":"walnut-lantern-42-meadow"}`, `{"secret":"JBSWY3DPEHPK3PXP","uri":"otpauth://totp/Kefu:amy?secret=JBSWY3DPEHPK3PXP&issuer=Kefu&algorithm=SHA1&digits=6&period=30"}`
	case "confirm-totp":
		return `{"code":"287082"}`, `{"codes":["4mq7-x0zt-ch92-wkdv"]}`
	case "end-totp":
		return `{"current":"walnut-lantern-42-meadow","code":"287082"}`, ""
	case "list-audit":
		return "", `{"entries":[{"id":"9223372036854775807a_1","at":"` + sampleAt + `","by":"a_7zk3c9q0m2","name":"amy","operation":"put-settings","target":"7","changes":` + sampleList + `,"cut":false}],"next":"9223372036854775807a_1"}`
	case "list-webhooks":
		return "", `{"webhooks":[` + sampleHook + `]}`
	case "create-webhook":
		return `{"url":"https://shop.example/hooks","kinds":["text"]}`, sampleHook
	case "list-channels":
		return "", `{"channels":[` + sampleChannel + `]}`
	case "create-channel":
		return `{"name":"Night shift","kind":"wecom","url":"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…","after":60,"waiting":true,"lang":"zh"}`, sampleChannel
	case "change-channel":
		return `{"version":1,"name":"Night shift","kind":"wecom","url":"••••4f2a","after":60,"waiting":true,"lang":"zh"}`, sampleChannel
	case "read-report":
		return "", `{"rows":[` + sampleRow + `],"total":` + sampleRow + `}`
	default:
		return "", ""
	}
}

// sampleSettings have one of everything.
func sampleSettings() core.Settings {
	s := core.DefaultSettings()
	s.Version, s.At, s.By = 7, time.Date(2026, time.November, 23, 9, 30, 0, 250e6, time.UTC), "a_7zk3c9q0m2"
	s.Sites[0].Origins = []string{"https://shop.example"}
	s.Sites[0].Users = core.Users{Secrets: []string{"••••Qx7f"}}
	s.Sites[0].Hours = core.Hours{Zone: "Asia/Shanghai", Spans: []core.Span{{Day: time.Monday, From: 9 * 60, Until: 18 * 60}}, Special: []core.Special{
		{Date: "2026-10-10", Name: "Make-up day", Spans: []core.Part{{From: 9 * 60, Until: 18 * 60}}},
	}}
	x := &s.Sites[0]
	x.Offline = core.Texts{"en": "Leave us a message.", "zh": "请留言。"}
	x.Quick = []core.Texts{{"en": "Where is my parcel?"}}
	x.Form = core.Form{Text: core.Texts{"en": "Before we begin"}, Fields: []core.Field{
		{ID: "topic", Label: core.Texts{"en": "What is it about?"}, Type: "select", Required: true, Options: []core.Texts{{"en": "An order"}, {"en": "A refund"}}},
	}}
	x.Invite = []core.Invite{{
		ID: "cart", Text: core.Texts{"en": "Any questions?"}, After: 30 * time.Second, Path: "/cart/*", Referrer: "search.example", Again: 24 * time.Hour,
	}}
	x.Privacy = core.Privacy{Text: core.Texts{"en": "We keep what you write."}, URL: "https://shop.example/privacy"}
	x.Look = core.Look{Color: "#1c5bd0", Theme: "dark", Side: "start", Lang: "en"}
	x.Receptionist = core.Receptionist{
		Providers: []core.Provider{{URL: "https://api.openai.com/v1", Model: "gpt-4o-mini", Key: "env:KEFU_MODEL_KEY", Embedding: "text-embedding-3-small", In: 0.15, Out: 0.6}},
		Persona:   "You are Mei, the receptionist of a shop for shoes. Be brief and friendly.", Languages: []string{"zh", "en"},
		Words: []string{"人工", "human"}, Links: []string{"shop.example"}, Fields: []string{"order number"}, Turns: 20,
		Budget: core.Budget{Visitor: 60, Session: 60_000, Day: 5_000_000}, Brief: true,
	}
	x.Uploads = core.Uploads{Size: 5 << 20, Types: []string{"image/jpeg", "image/png"}, Count: 20, Total: 100 << 20}
	own := core.DefaultTimeouts()
	s.Groups[0].Timeouts = &own
	return s
}

// sampleProblem is what an answer of the given status may say.
func sampleProblem(status int) *Problem {
	const request = "4mq7x0ztch92wkdv"
	switch status {
	case http.StatusBadRequest:
		return problemOf(listed{core.Errorf(core.Invalid, "limit: expected number >= 1")}, request)
	case http.StatusUnauthorized:
		return problemOf(errUnauthorized(), request)
	case http.StatusForbidden:
		return problemOf(core.Errorf(core.Forbidden, "your role does not allow that"), request)
	case http.StatusNotFound:
		return problemOf(core.Errorf(core.NotFound, "there is no such thing"), request)
	case http.StatusConflict:
		return problemOf(core.Errorf(core.Conflict, "somebody else was faster"), request)
	case http.StatusRequestEntityTooLarge:
		return problemOf(errTooLarge(), request)
	case http.StatusUnsupportedMediaType:
		return problemOf(core.Errorf(core.Invalid, "Content-Type: application/json is expected"), request).as(status)
	case http.StatusTooManyRequests:
		return problemOf(&core.Error{Code: core.RateLimited, Message: "too much at once; come again a little later", Retry: 2 * time.Second}, request)
	case http.StatusNotImplemented:
		return problemOf(core.Errorf(core.Unsupported, "this host takes no uploads"), request)
	default:
		return problemOf(&core.Error{Code: core.Unavailable, Message: "the store does not answer", Retry: time.Second}, request)
	}
}
