// A style sheet imported by the page becomes a file of its own, beside the script.
declare module '*/index.css';
