package openai

// What is asked, and what of the answers is looked at, as in
// https://platform.openai.com/docs/api-reference/chat and /embeddings.

// question is the body of POST /chat/completions.
type question struct {
	Model    string    `json:"model"`
	Messages []message `json:"messages"`
	Most     int64     `json:"max_tokens,omitempty"` // max_completion_tokens is not known to many servers
	Tools    []tool    `json:"tools,omitempty"`
	Stream   bool      `json:"stream"`
	Options  struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
}

type message struct {
	Role    string `json:"role"`
	Content any    `json:"content,omitempty"` // a string, or nothing where there are only calls
	Calls   []call `json:"tool_calls,omitempty"`
	Call    string `json:"tool_call_id,omitempty"` // that this is the result of
}

type tool struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name       string         `json:"name"`
	About      string         `json:"description,omitempty"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// call is one that the model made of a tool.
type call struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function called `json:"function"`
}

type called struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"` // JSON
}

// chunk is a piece of an answer.
type chunk struct {
	Choices []struct {
		Delta struct {
			Content string `json:"content"`
			Calls   []struct {
				Index    int64  `json:"index"`
				ID       string `json:"id"`
				Function called `json:"function"` // a piece of it
			} `json:"tool_calls"`
		} `json:"delta"`
		Finish string `json:"finish_reason"`
	} `json:"choices"`
	Usage usage `json:"usage"`
}

// usage is in tokens, which some servers write as 12.0.
type usage struct {
	Prompt     float64 `json:"prompt_tokens"`
	Completion float64 `json:"completion_tokens"`
	Total      float64 `json:"total_tokens"`
}

// words is the body of POST /embeddings.
type words struct {
	Model  string   `json:"model"`
	Input  []string `json:"input"`
	Format string   `json:"encoding_format"`
}

type vectors struct {
	Data []struct {
		Index     int64     `json:"index"`
		Embedding []float64 `json:"embedding"`
	} `json:"data"`
	Usage usage `json:"usage"`
}
