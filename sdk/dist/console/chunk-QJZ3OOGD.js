import{a as n}from"./chunk-OWC3ENVH.js";function r(e){let{debounceRendering:o}=n;n.debounceRendering=i=>i();try{e()}finally{n.debounceRendering=o}}export{r as a};
