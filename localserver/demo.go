package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"kefu/localserver/internal/config"
	"kefu/localserver/internal/demo"
	"kefu/localserver/internal/server"
	"kefu/localserver/internal/sqlstore"
)

// demoFlag asks for a server with a made-up shop, in a directory of its own that
// is deleted when it ends.
const demoFlag = "--demo"

// takesDemo takes the flag out of the arguments.
func (p *call) takesDemo() bool {
	n := len(p.args)
	p.args = slices.DeleteFunc(slices.Clone(p.args), func(s string) bool { return s == demoFlag || s == "-demo" })
	return len(p.args) < n
}

// loadDemo reads the configuration. Whatever says where something is kept, or
// leads out of this machine, is refused: a demonstration touches nothing that
// there is.
func (p call) loadDemo() (config.Config, error) {
	c, from, err := config.Explain(p.args, p.environ, os.ReadFile)
	if err != nil {
		return c, err
	}
	var faults config.Errors
	for key, where := range from {
		section, _, _ := strings.Cut(key, ".")
		if slices.Contains([]string{"data", "database", "store", "s3", "tls", "acme", "backup", "retention", "settings", "outgoing", "smtp", "admin"}, section) {
			if !strings.Contains(where, ":") { // a flag or a variable, which names the key
				key = ""
			}
			faults = append(faults, config.Error{Where: where, Key: key, Problem: "a demonstration has data, settings and passwords of its own: leave this out"})
		}
	}
	slices.SortFunc(faults, func(a, b config.Error) int { return strings.Compare(a.Where, b.Where) })
	if len(faults) > 0 {
		return c, faults
	}
	if from["log.level"] == "" {
		c.Log.Level = slog.LevelWarn // what is to be read is the banner
	}
	return c, nil
}

// demonstrate serves a demonstration until ctx ends.
func (p call) demonstrate(ctx context.Context, c config.Config) (err error) {
	if c.Data, err = os.MkdirTemp("", "kefu-demo-"); err != nil {
		return fmt.Errorf("a directory for the demonstration can not be made: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.Data)) }()
	var level slog.LevelVar
	level.Set(c.Log.Level)
	log := logger(c.Log.Format, &level, p.stderr)
	var cast demo.Cast
	s, err := server.Open(ctx, server.Options{
		Config: c, Now: p.now, Log: log, Level: &level, Version: version(), Files: p.files,
		OpenStore: func(ctx context.Context, dir string) (server.Store, error) {
			st, err := sqlstore.Open(ctx, sqlstore.Options{Dir: dir, Now: p.now, Log: log, Batch: sqlstore.Batch{Max: c.Batch.Max}})
			if err != nil {
				return nil, err
			}
			if cast, err = demo.Fill(ctx, st, p.now(), locale(p.environ)); err != nil {
				return nil, errors.Join(err, st.Close())
			}
			return st, nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Fprint(p.stdout, s.Banner(locale(p.environ)), demoBanner(cast.Logins, locale(p.environ)))
	acting, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- cast.Live(acting, demo.Stage{URL: "http://" + here(s.Addr()), Second: p.second(), Now: p.now, Log: log})
	}()
	err = s.Run(ctx)
	stop()
	if live := <-ended; live != nil && ctx.Err() == nil {
		err = errors.Join(err, live)
	}
	return err
}

// second is how long a second is for the people of a demonstration; shorter in
// tests.
func (p call) second() time.Duration {
	if p.demoSecond > 0 {
		return p.demoSecond
	}
	return time.Second
}

// here is an address that reaches this machine.
func here(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// demoBanner says who can log in, and what there is to see.
func demoBanner(logins []demo.Login, lang string) string {
	head, tail := demoHeadEnglish, demoTailEnglish
	if strings.HasPrefix(lang, "zh") {
		head, tail = demoHeadChinese, demoTailChinese
	}
	var b strings.Builder
	b.WriteString(head)
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, l := range logins {
		fmt.Fprintf(w, "    %s\t%s\t%s\n", l.Name, l.Role, l.Password)
	}
	if err := w.Flush(); err != nil {
		panic(err) // a Builder takes everything
	}
	b.WriteString(tail)
	return b.String()
}

const (
	demoHeadEnglish = `  This is a demonstration: a tea shop with a week behind it. Log in to the
  console as one of these, each in a window of its own if you like:

`
	demoTailEnglish = `
  Set yourself online, and visitors of the shop come to you; the demo page is
  where you are one yourself. Mei and Bo answer the wholesale customers, which
  lin and admin can watch on the floor. The passwords are shown only here.
  Everything is deleted when you stop it.

`
	demoHeadChinese = `  这是演示：一家茶店和它过去一周的会话。用下面任一账号登录工作台，
  也可以在几个窗口里分别登录：

`
	demoTailChinese = `
  把自己设为“在线”，店里的访客就会分给您；打开演示页面，您自己就是访客。
  批发客户由小梅和阿博自动接待，lin 和 admin 可以在“现场”里旁观。
  密码只在这里显示一次；停止后全部数据随即删除。

`
)
