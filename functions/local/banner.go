package main

import (
	"fmt"
	"strings"
)

// banner is what whoever started us is told: where the pages are and, if it is
// to be shown, how to get in. lang is a locale as in LANG.
func banner(lang, url, password string) string {
	addresses, login := addressesEnglish, loginEnglish
	if strings.HasPrefix(lang, "zh") {
		addresses, login = addressesChinese, loginChinese
	}
	text := fmt.Sprintf(addresses, url+"/demo/", url+"/console/")
	if password != "" {
		text += fmt.Sprintf(login, password)
	}
	return text
}

const (
	addressesEnglish = `
Kefu is ready: as on AWS, with Lambda, API Gateway and DynamoDB, but here.
Press Ctrl-C to stop it.

  Demo page   %s
  Console     %s

`
	loginEnglish = `  Log in to the console as   admin
  with this password         %s

  The password is shown only this once; only its hash is kept.

`
	addressesChinese = `
Kefu 客服已就绪：与 AWS 上相同的 Lambda、API Gateway 和 DynamoDB，但都在本机运行。
按 Ctrl-C 停止。

  演示页面   %s
  客服工作台 %s

`
	loginChinese = `  工作台账号 admin
  初始密码   %s

  密码只显示这一次，系统只保存它的哈希值。

`
)

// language is that of whoever started us, as POSIX looks for it.
func language(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return v
		}
	}
	return ""
}
