package proto

import (
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
)

// The generated file is committed: it must say what vehicle.proto says, also where nobody has protoc to run `make gen`.
func TestGeneratedCodeSaysWhatTheSourceSays(t *testing.T) {
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := compiler.Compile(t.Context(), "vehicle.proto")
	if err != nil {
		t.Fatal(err)
	}
	want, got := protodesc.ToFileDescriptorProto(files[0]), protodesc.ToFileDescriptorProto(File_vehicle_proto)
	want.SourceCodeInfo = nil
	if proto.Equal(want, got) {
		return
	}
	t.Error("vehicle.pb.go is not what vehicle.proto makes: run make gen")
	for i := range max(len(want.MessageType), len(got.MessageType)) {
		if i >= len(want.MessageType) || i >= len(got.MessageType) || !proto.Equal(want.MessageType[i], got.MessageType[i]) {
			t.Errorf("message %d differs:\nsource    %v\ngenerated %v", i, at(want.MessageType, i), at(got.MessageType, i))
		}
	}
	for i := range max(len(want.EnumType), len(got.EnumType)) {
		if i >= len(want.EnumType) || i >= len(got.EnumType) || !proto.Equal(want.EnumType[i], got.EnumType[i]) {
			t.Errorf("enum %d differs:\nsource    %v\ngenerated %v", i, at(want.EnumType, i), at(got.EnumType, i))
		}
	}
}

func at[T any](list []*T, i int) any {
	if i < len(list) {
		return list[i]
	}
	return "none"
}
