// Package images makes sources of training data of JPEG and PNG files: a folder with a folder for each class, or a
// column of encoded images in a table.
//
//	src, err := images.Folder(os.DirFS("photos"), "train", images.Config{Seed: 1, Ops: []images.Op{
//		images.RandomResizedCrop{H: 224, W: 224}, images.HorizontalFlip{}, images.ImageNet}})
//
// An image is decoded, turned upright, brought to the declared channels and passed through the Ops: plain structs, of
// which each is a pure function of the image and, where it is random, of numbers drawn from (Config.Seed, epoch,
// sample). Fill decodes many images at once.
//
// The numbers are those of Pillow and torchvision, which pretrained networks were trained with: resizing, crops,
// colours, affine maps and normalisation agree with them to the bit, and decoded JPEGs to a level or two of 255, for
// the decoder is the standard library's. Random draws are other numbers.
//
// Reading order: config.go and op.go (the contract), source.go and folder.go (the files), column.go (the table),
// decode.go with jpeg.go, convert.go and exif.go (bytes to pixels); then the Ops: resize.go, crop.go, flip.go,
// color.go, affine.go, erase.go, normalize.go; json.go.
package images
