// A style sheet imported by the widget is its minified text; see build.mjs.
declare module '*/launcher.css' {
  const text: string;
  export default text;
}
declare module '*/panel.css' {
  const text: string;
  export default text;
}
declare module '*/thread.css' {
  const text: string;
  export default text;
}
declare module '*/extras.css' {
  const text: string;
  export default text;
}
declare module '*/notice.css' {
  const text: string;
  export default text;
}
