package wire

// SiteInfo is what a visitor's page needs to know of the site, in the
// visitor's language.
type SiteInfo struct {
	Name     string   `json:"name"`
	Greeting string   `json:"greeting,omitempty"`
	Lang     string   `json:"lang,omitempty"`
	Open     bool     `json:"open"`
	Opens    *Time    `json:"opens,omitempty"` // when it does next, while it is closed
	Offline  string   `json:"offline,omitempty"`
	Hours    []Hours  `json:"hours,omitempty"` // none: always
	Zone     string   `json:"zone,omitempty"`  // of the hours, IANA; absent: UTC
	Form     *Form    `json:"form,omitempty"`
	Quick    []string `json:"quick,omitempty"`
	Invite   []Invite `json:"invite,omitempty"`
	Privacy  *Privacy `json:"privacy,omitempty"`
	Rating   bool     `json:"rating,omitempty"`
	Uploads  *Uploads `json:"uploads,omitempty"` // absent: visitors send no files here
	Preview  bool     `json:"preview,omitempty"` // agents see what is being typed: typing has text only then
	Edit     int      `json:"edit,omitempty"`    // seconds for which a message may be edited or recalled; 0: not at all
}

// Hours is a time of the week.
type Hours struct {
	Day   int    `json:"day"`  // 0 is Sunday
	From  string `json:"from"` // 09:00
	Until string `json:"until"`
}

// Form is what is asked before the first message of a session.
type Form struct {
	Text   string     `json:"text,omitempty"`
	Fields []Question `json:"fields"`
}

// Question is one field of a form, and Field its answer.
type Question struct {
	ID       string   `json:"id"`
	Label    string   `json:"label"`
	Type     string   `json:"type"` // text, email, tel, select or textarea
	Required bool     `json:"required,omitempty"`
	Options  []string `json:"options,omitempty"` // of a select
}

// Invite is a text that the page shows by itself. After and Again are seconds.
type Invite struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	After    int    `json:"after,omitempty"`
	Path     string `json:"path,omitempty"`
	Referrer string `json:"referrer,omitempty"`
	Again    int    `json:"again,omitempty"` // absent: a day
}

// Privacy is a line until the first message.
type Privacy struct {
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Uploads is what files may be sent.
type Uploads struct {
	Size  int64    `json:"size"`  // bytes
	Types []string `json:"types"` // as the bytes of a file tell them
	Post  bool     `json:"post"`  // a file goes to where the answer says, see Uploaded
}

// Uploaded answers an upload. With Post the file itself is still to come, as
// multipart/form-data: those fields, and then file.
type Uploaded struct {
	URL    string `json:"url"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	MIME   string `json:"mime"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Post   *Post  `json:"post,omitempty"`
}

// Post is where a file goes, with fields that its form has besides.
type Post struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}
