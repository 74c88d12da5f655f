package server

import (
	"fmt"
	"net"
	"strings"
)

// Banner is what a server that listens says to whoever started it: where its
// pages are and, the first time, how to get in. lang is a locale as in LANG.
func (s *Server) Banner(lang string) string {
	addresses, password := addressesEnglish, passwordEnglish
	if strings.HasPrefix(lang, "zh") {
		addresses, password = addressesChinese, passwordChinese
	}
	public := "http://" + dialable(s.Addr())
	if s.Config.HTTPS() {
		public = "https://" + dialable(s.Addr())
	}
	var b strings.Builder
	fmt.Fprintf(&b, addresses, public+"/demo/", public+"/console/", "http://"+dialable(s.OpsAddr())+"/readyz")
	if s.Password != "" {
		fmt.Fprintf(&b, password, s.Password)
	}
	return b.String()
}

const (
	addressesEnglish = `
Kefu is ready. Press Ctrl-C to stop it.

  Demo page   %s
  Console     %s
  Operations  %s

`
	passwordEnglish = `  Log in to the console as   admin
  with this password         %s

  The password is shown only this once; only its hash is kept.

`
	addressesChinese = `
Kefu 客服已就绪，按 Ctrl-C 停止。

  演示页面   %s
  客服工作台 %s
  运维检查   %s

`
	passwordChinese = `  工作台账号 admin
  初始密码   %s

  密码只显示这一次，系统只保存它的哈希值。

`
)

// dialable is an address to open: one that stands for every interface is
// reached on this machine.
func dialable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
