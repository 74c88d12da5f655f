package foreign_test

import (
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/memstore"
	"kefu/localserver/internal/foreign"
)

const table = `time,visitor,name,agent,text
2025-03-01 10:00:05,u7,Vi,,"where is it,
my parcel?"
2025-03-01 10:00:00,u7,,,hello
2025-03-01T10:01:00Z,u7,,Mia,on its way
yesterday,u7,,,lost
2025-03-02 08:00:00,u8,,,hi
2025-03-02 08:00:00,,,,nobody
`

// A shop's own file becomes closed conversations that its visitors find again.
func TestCSV(t *testing.T) {
	a, err := foreign.CSV(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	const told = "2 conversations with 4 messages and 1 agents, from 2025-03-01 10:00:00 to 2025-03-02 08:00:00\n" +
		"passed over: line 6: \"yesterday\" is no time\npassed over: line 8: no visitor\n"
	if got := a.String(); got != told {
		t.Errorf("told is\n%s\nwant\n%s", got, told)
	}
	st := memstore.New("e_1")
	site := core.DefaultSettings().Sites[0]
	added, err := a.Store(t.Context(), st, site)
	if err != nil || added != (foreign.Added{Conversations: 2, Events: 8, Agents: 1}) {
		t.Fatalf("%+v, %v", added, err)
	}
	who, err := st.Known(t.Context(), site.ID, "u7", "")
	if err != nil {
		t.Fatal(err)
	}
	id := core.ConversationOf(site.ID, who)
	log, err := st.After(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, e := range log {
		words = append(words, e.By.Kind.String()+" "+string(e.Body.Kind)+" "+e.Body.Text)
	}
	const want = "system opened |visitor text hello|visitor text where is it,\nmy parcel?|agent text on its way|system closed "
	if got := strings.Join(words, "|"); got != want {
		t.Errorf("the log is %s", got)
	}
	c, err := st.Load(t.Context(), id)
	mia, missing := st.AccountNamed(t.Context(), "mia")
	if err != nil || missing != nil || c.Session.Phase != core.Closed || c.Last != mia.ID || !mia.Disabled {
		t.Errorf("the state is %+v, %v; %+v, %v", c, err, mia, missing)
	}
	// The visitor comes back, and it goes on.
	rules, _ := core.DefaultSettings().Rules(site.ID)
	frame := core.Frame{By: core.Actor{Party: core.Party{Kind: core.Visitor, ID: string(who)}}, Origin: "tab-one-1", N: 1}
	said, err := core.Apply(t.Context(), st, core.Conversation{ID: id}, rules, c.At.AddDate(1, 0, 0), core.Said{Frame: frame, Site: site.ID, Body: core.Body{Kind: core.KindText, Text: "again"}})
	if err != nil || said.Conversation.Session.Number != 2 {
		t.Errorf("and then %+v, %v", said.Conversation, err)
	}
	if again, err := a.Store(t.Context(), st, site); err != nil || again != (foreign.Added{There: 2}) {
		t.Errorf("twice: %+v, %v", again, err)
	}
}

func TestNoCSV(t *testing.T) {
	for file, want := range map[string]string{
		"": "empty", "time,visitor\n": `no column "text"`, "time,visitor,text,mood\n": `no use for a column "mood"`, "SQLite format 3\x00": "no use for",
	} {
		if _, err := foreign.CSV(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

const dump = "-- MySQL dump\nDROP TABLE IF EXISTS `user`;\nCREATE TABLE `user` (\n  `id` int(11) NOT NULL,\n  `name` varchar(50),\n  `nickname` varchar(50),\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n" +
	"INSERT INTO `user` VALUES (1,'agent','Mia');\n" +
	"CREATE TABLE `visitor` (\n  `id` int(11),\n  `name` varchar(50),\n  `avator` varchar(500),\n  `visitor_id` varchar(100)\n);\n" +
	"INSERT INTO `visitor` (`id`, `name`, `avator`, `visitor_id`) VALUES (1,'O\\'Neil','https://a.example/x.png','uuid-1'),(2,'silent','','uuid-2');\n" +
	"CREATE TABLE `message` (\n  `id` int(11),\n  `kefu_id` varchar(100),\n  `visitor_id` varchar(100),\n  `content` varchar(2048),\n  `created_at` timestamp,\n  `deleted_at` timestamp,\n  `mes_type` enum('kefu','visitor')\n);\n" +
	"LOCK TABLES `message` WRITE;\n" +
	"INSERT INTO `message` VALUES (1,'agent','uuid-1','it''s late; (really), \\\"so\\\"\\nyes','2021-05-01 08:00:00',NULL,'visitor'),\n" +
	"(2,'agent','uuid-1','soon','2021-05-01 08:00:09',NULL,'kefu'),(3,'left','uuid-1','gone','2021-05-01 08:01:00','2021-05-02 00:00:00','kefu'),(4,'left','uuid-1','bye','2021-05-01 08:02:00',NULL,'kefu'),(5,'','','x','2021-05-01 08:02:00',NULL,'kefu');\n" +
	"UNLOCK TABLES;\n"

func TestGoFly(t *testing.T) {
	a, err := foreign.GoFly(strings.NewReader(dump))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Talks) != 1 || len(a.Talks[0].Lines) != 3 || len(a.Agents) != 2 || len(a.Passed) != 1 {
		t.Fatalf("read is %+v", a)
	}
	talk := a.Talks[0]
	if talk.Name != "O'Neil" || talk.Lines[0].Text != "it's late; (really), \"so\"\nyes" || talk.Lines[1].Agent != "agent" || a.Agents["agent"] != "Mia" {
		t.Errorf("read is %+v", talk)
	}
	added, err := a.Store(t.Context(), memstore.New("e_1"), core.DefaultSettings().Sites[0])
	if err != nil || added.Events != 5 || added.Agents != 2 {
		t.Errorf("%+v, %v", added, err)
	}
	for cut, want := range map[string]string{dump[:len(dump)-100]: "cut short", "SELECT 1;\n": "no table message", "": "no table message"} {
		if _, err := foreign.GoFly(strings.NewReader(cut)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q…: %v", cut[:min(20, len(cut))], err)
		}
	}
}

// Whatever the bytes are, they end in an archive or in a sentence.
func FuzzForeign(f *testing.F) {
	f.Add(dump)
	f.Add(table)
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func() (foreign.Archive, error){
			func() (foreign.Archive, error) { return foreign.GoFly(strings.NewReader(text)) },
			func() (foreign.Archive, error) { return foreign.CSV(strings.NewReader(text)) },
		} {
			if a, err := read(); err == nil {
				_ = a.String()
				if _, err := a.Store(t.Context(), memstore.New("e_1"), core.DefaultSettings().Sites[0]); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
