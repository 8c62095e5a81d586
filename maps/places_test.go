package maps_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"reflect"
	"testing"

	"lifeline120/internal/extract"
	"lifeline120/internal/placebuild"
	"lifeline120/internal/placefile"
	"lifeline120/maps"
)

// What is committed is what the extract makes.
func TestTheDemoCitysPlacesAreThoseOfItsMap(t *testing.T) {
	b, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
	if err != nil {
		t.Fatal(err)
	}
	d, err := extract.Read(context.Background(), bytes.NewReader(b), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := placebuild.Of(d)
	got, info, err := placefile.Open(os.DirFS("demo"))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) || info.Source != maps.RoadsFile {
		t.Error("maps/demo/places.json.gz is not what its map makes: run make gen")
	}
}
