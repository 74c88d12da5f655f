package desk

import "strings"

// deviceOf says in a few words what a User-Agent header stands for, such as
// "iPhone · WeChat" or "Windows · Edge"; empty if it says nothing. It is for
// people to read: what a page can do must not be judged by it.
func deviceOf(agent string) string {
	system := first(agent, [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"HarmonyOS", "HarmonyOS"}, {"Android", "Android"}, {"Windows", "Windows"},
		{"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	})
	browser := first(agent, [][2]string{ // who pretends to be another comes before it
		{"MicroMessenger", "WeChat"}, {"AlipayClient", "Alipay"}, {"DingTalk", "DingTalk"}, {"Lark/", "Feishu"}, {"Weibo", "Weibo"},
		{"UCBrowser", "UC"}, {"MQQBrowser", "QQ"}, {"QQBrowser", "QQ"}, {"HuaweiBrowser", "Huawei"}, {"MiuiBrowser", "Mi"},
		{"SamsungBrowser", "Samsung"}, {"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
		{"CriOS", "Chrome"}, {"Chrome", "Chrome"}, {"Safari", "Safari"},
	})
	switch {
	case system == "":
		return browser
	case browser == "":
		return system
	}
	return system + " · " + browser
}

// first returns the name beside the first mark that a text has.
func first(text string, marks [][2]string) string {
	for _, m := range marks {
		if strings.Contains(text, m[0]) {
			return m[1]
		}
	}
	return ""
}
