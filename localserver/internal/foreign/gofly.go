package foreign

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// GoFly reads a dump of the database of go-fly, as mysqldump writes it with its
// defaults: the tables user, visitor and message. Times in it are taken for UTC,
// as mysqldump writes them. Messages that were deleted there are left out.
func GoFly(r io.Reader) (Archive, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return Archive{}, err
	}
	a, b := Archive{Agents: map[string]string{}}, book{talks: map[string]*Talk{}}
	d := dump{text: string(text), columns: map[string][]string{}}
	messages := 0
	err = d.rows(func(table string, row map[string]string) {
		switch table {
		case "user":
			if row["name"] != "" {
				a.Agents[row["name"]] = row["nickname"]
			}
		case "visitor":
			t := b.talk(row["visitor_id"])
			t.Name, t.Avatar = row["name"], row["avator"]
		case "message":
			messages++
			b.message(&a, row)
		}
	})
	if err != nil {
		return Archive{}, err
	}
	if d.columns["message"] == nil {
		return Archive{}, errors.New("this is no dump of go-fly: there is no table message in it")
	}
	b.into(&a)
	for _, t := range a.Talks {
		for _, l := range t.Lines {
			if _, there := a.Agents[l.Agent]; !there && l.Agent != "" {
				a.Agents[l.Agent] = l.Agent // who is no user there any more
			}
		}
	}
	return a, nil
}

func (b *book) message(a *Archive, row map[string]string) {
	at, ok := moment(row["created_at"])
	text := clean(row["content"])
	switch {
	case row["deleted_at"] != "":
		return
	case !ok || row["visitor_id"] == "" || text == "":
		a.pass("message %s: no time, no visitor or no text", row["id"])
		return
	}
	l := Line{At: at, Text: text}
	if row["mes_type"] == "kefu" {
		l.Agent = row["kefu_id"]
		if l.Agent == "" {
			a.pass("message %s: of an agent without a name", row["id"])
			return
		}
	}
	t := b.talk(row["visitor_id"])
	t.Lines = append(t.Lines, l)
}

// dump is SQL as mysqldump writes it. Of each table that it makes it learns the
// columns, for those are left out where rows are.
type dump struct {
	text    string
	at      int
	columns map[string][]string
}

var errDump = errors.New("the dump can not be read")

// rows calls each for every row; what is NULL is "".
func (d *dump) rows(each func(table string, row map[string]string)) error {
	for d.at < len(d.text) {
		rest := d.text[d.at:]
		switch {
		case strings.HasPrefix(rest, "CREATE TABLE `"):
			d.create()
		case strings.HasPrefix(rest, "INSERT INTO `"):
			if err := d.insert(each); err != nil {
				return err
			}
		}
		end := strings.IndexByte(d.text[d.at:], '\n')
		if end < 0 {
			return nil
		}
		d.at += end + 1
	}
	return nil
}

// name reads what stands between the next two backticks.
func (d *dump) name() string {
	_, rest, _ := strings.Cut(d.text[d.at:], "`")
	name, _, ok := strings.Cut(rest, "`")
	if !ok {
		d.at = len(d.text)
		return ""
	}
	d.at = len(d.text) - len(rest) + len(name) + 1
	return name
}

func (d *dump) create() {
	table := d.name()
	columns := []string{}
	for line := range strings.Lines(d.text[d.at:]) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, ")") {
			break
		}
		if name, ok := strings.CutPrefix(line, "`"); ok {
			name, _, _ = strings.Cut(name, "`")
			columns = append(columns, name)
		}
	}
	d.columns[table] = columns
}

func (d *dump) insert(each func(string, map[string]string)) error {
	table := d.name()
	columns := d.columns[table]
	if d.skip(); d.next("(") { // the columns are named
		columns = nil
		for !d.next(")") {
			name := d.name()
			if name == "" {
				return fmt.Errorf("%w: the columns of %s have no end", errDump, table)
			}
			columns = append(columns, name)
			d.skip()
			d.next(",")
		}
	}
	if d.skip(); !d.next("VALUES") && !d.next("VALUE") {
		return fmt.Errorf("%w: rows of %s without VALUES", errDump, table)
	}
	for {
		if d.skip(); !d.next("(") {
			return fmt.Errorf("%w at byte %d: a row of %s is expected", errDump, d.at, table)
		}
		row := map[string]string{}
		for i := 0; ; i++ {
			value, err := d.value()
			if err != nil {
				return err
			}
			if i < len(columns) {
				row[columns[i]] = value
			}
			if d.skip(); d.next(")") {
				break
			}
			if !d.next(",") {
				return fmt.Errorf("%w at byte %d: it was cut short, or is no dump of mysqldump", errDump, d.at)
			}
		}
		each(table, row)
		if d.skip(); !d.next(",") {
			return nil
		}
	}
}

func (d *dump) skip() { d.at = len(d.text) - len(strings.TrimLeft(d.text[d.at:], " \t\r\n")) }

func (d *dump) next(word string) bool {
	if !strings.HasPrefix(d.text[d.at:], word) {
		return false
	}
	d.at += len(word)
	return true
}

// value reads a text in quotes, a number or NULL.
func (d *dump) value() (string, error) {
	if d.skip(); !d.next("'") {
		end := strings.IndexAny(d.text[d.at:], ",)")
		if end < 0 {
			return "", fmt.Errorf("%w: a row has no end; it was cut short", errDump)
		}
		word := strings.TrimSpace(d.text[d.at : d.at+end])
		d.at += end
		if word == "NULL" {
			word = ""
		}
		return word, nil
	}
	var b strings.Builder
	for d.at < len(d.text) {
		c := d.text[d.at]
		d.at++
		switch {
		case c == '\'' && !d.next("'"):
			return b.String(), nil
		case c == '\\' && d.at < len(d.text):
			b.WriteByte(escaped(d.text[d.at]))
			d.at++
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("%w: a text has no end; it was cut short", errDump)
}

// escaped is what a letter stands for behind a backslash in MySQL.
func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case '0':
		return 0
	case 'Z':
		return 26
	}
	return c
}
