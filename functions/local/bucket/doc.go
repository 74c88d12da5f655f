// Package bucket is a bucket of S3 on one machine, as far as package core/blob/s3
// and a browser need one: objects by path, the first of a listing, forms and links
// that were signed.
//
// It is strict where S3 is: every request is signed for the bucket's region with
// its keys, and its body is what was signed; a form is stored only if it meets
// each condition of its policy, has no field that the policy does not know, and
// comes in time; a link counts as long as it says. What it answers has the codes of
// S3, in its XML.
//
//	b, err := bucket.Open(bucket.Options{Name: "kefu-files", Region: region, Credentials: keys, Now: time.Now})
//	http.Serve(listener, b) // at http://host:port/kefu-files/...
//
// Pages of any origin may send forms, as the rule of CORS in template.yaml says.
// There are no versions, no multipart uploads, and no rights besides the keys.
package bucket
