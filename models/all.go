package models

import (
	"math/rand/v2"
)

// All lists the models that are made by name, by what they take. Not among them is VAE, whose loss is its own.
var All = []Entry{
	{
		Name: "mlp", About: "fully connected with ReLU, two hidden layers of 512; vectors for categories",
		Wants: "samples of any shape, and any number of categories", Fits: columns,
		options: MLPOptions{Hidden: []int{512, 512}},
		build:   func(rng *rand.Rand, d Data, o any) any { return newTable(rng, d, o.(MLPOptions).Hidden) },
	},
	{
		Name: "wide-deep", About: "Wide & Deep: a linear model of categories beside a deep one of all inputs",
		Wants: "categories, at least one, and numbers", Fits: withCategories(1), options: WideDeepConfig{},
		fixed: []string{"Features", "Fields", "Dense", "Classes"},
		build: func(rng *rand.Rand, d Data, o any) any { return newTableWideDeep(rng, d, o.(WideDeepConfig)) },
	},
	{
		Name: "neumf", About: "neural collaborative filtering of users and items",
		Wants: "two categories, user and item, and nothing else", Fits: pair, options: NeuMFConfig{},
		fixed: []string{"Users", "Items"},
		build: func(rng *rand.Rand, d Data, o any) any { return newPairs(rng, d, o.(NeuMFConfig)) },
	},
	{
		Name: "autoencoder", About: "brings its input back from a narrow code; the target is the input",
		Wants: "samples of any shape, flat", Fits: itself, options: AutoencoderOptions{Sizes: []int{128, 32}},
		build: func(rng *rand.Rand, d Data, o any) any {
			return NewAutoencoder(rng, append([]int{d.Columns[0].size()}, o.(AutoencoderOptions).Sizes...)...)
		},
	},
	{
		Name: "digitsnet", About: "two convolutions for 8x8 handwritten digits", Wants: "samples of [1 8 8] in 10 classes",
		Fits:  fixedInput(10, 1, 8, 8),
		build: func(rng *rand.Rand, _ Data, _ any) any { return DigitsNet(rng) },
	},
	{
		Name: "lenet5", About: "LeNet-5 with ReLU and max-pooling, for 28x28 images",
		Wants: "samples of [1 28 28] in 10 classes",
		Fits:  fixedInput(10, 1, 28, 28),
		build: func(rng *rand.Rand, _ Data, _ any) any { return LeNet5(rng) },
	},
	resNet("resnet20", "ResNet-20 for images of some 32 pixels", 4, NewResNet20),
	resNet("resnet18", "ResNet-18; small=true for images of some 32 pixels", 8, NewResNet18),
	resNet("resnet50", "ResNet-50; small=true for images of some 32 pixels", 8, NewResNet50),
	vgg("vgg11", "VGG of 11 layers", NewVGG11),
	vgg("vgg16", "VGG of 16 layers", NewVGG16),
	{
		Name: "inception", About: "Inception v1 (GoogLeNet) with batch normalisation", Wants: imageWords(32),
		Fits: imagesFrom(32), options: InceptionConfig{}, fixed: []string{"In", "Classes"},
		build: func(rng *rand.Rand, d Data, o any) any {
			c := o.(InceptionConfig)
			c.In, c.Classes = d.Columns[0].Shape[0], d.Outputs
			return NewInceptionV1(rng, c)
		},
	},
	{
		Name: "mobilenet", About: "MobileNet v2", Wants: imageWords(32),
		Fits: imagesFrom(32), options: MobileNetConfig{}, fixed: []string{"In", "Classes"},
		build: func(rng *rand.Rand, d Data, o any) any {
			c := o.(MobileNetConfig)
			c.In, c.Classes = d.Columns[0].Shape[0], d.Outputs
			return NewMobileNetV2(rng, c)
		},
	},
	{
		Name: "textcnn", About: "convolutions over words, for classes of texts", Wants: "sequences of words [T]",
		Fits: words, options: TextCNNConfig{}, fixed: []string{"Words", "Classes"},
		build: func(rng *rand.Rand, d Data, o any) any {
			c := o.(TextCNNConfig)
			c.Words, c.Classes = d.Columns[0].Classes, d.Outputs
			return NewTextCNN(rng, c)
		},
	},
	{
		Name: "transformer", About: "a transformer encoder over words, for classes of texts", Wants: "sequences of words [T]",
		Fits: words, options: TransformerSizes{}, fixed: []string{"Words"},
		build: func(rng *rand.Rand, d Data, o any) any {
			return NewTransformerClassifier(rng, sizesFor(d, o), d.Outputs)
		},
	},
	{
		Name: "gpt", About: "a transformer that says the next word (GPT-2)",
		Wants: "sequences of words [T], and those that follow",
		Fits:  nextWords, options: TransformerSizes{}, fixed: []string{"Words"},
		build: func(rng *rand.Rand, d Data, o any) any { return NewGPT(rng, sizesFor(d, o)) },
	},
	{
		Name: "lstm", About: "an LSTM that says the next word", Wants: "sequences of words [T], and those that follow",
		Fits: nextWords, options: LSTMConfig{}, fixed: []string{"Words"},
		build: func(rng *rand.Rand, d Data, o any) any {
			c := o.(LSTMConfig)
			c.Words = d.Columns[0].Classes
			return NewLSTMLanguageModel(rng, c)
		},
	},
}

func resNet(name, about string, least int, make func(*rand.Rand, ResNetConfig) *ResNet) Entry {
	return Entry{
		Name: name, About: about, Wants: imageWords(least), Fits: imagesFrom(least), options: ResNetConfig{},
		fixed: []string{"In", "Classes"},
		build: func(rng *rand.Rand, d Data, o any) any {
			c := o.(ResNetConfig)
			c.In, c.Classes = d.Columns[0].Shape[0], d.Outputs
			return make(rng, c)
		},
	}
}

func vgg(name, about string, make func(*rand.Rand, VGGConfig) *VGG) Entry {
	return Entry{
		Name: name, About: about, Wants: imageWords(32), Fits: imagesFrom(32), options: VGGConfig{},
		fixed: []string{"In", "Height", "Width", "Classes"},
		build: func(rng *rand.Rand, d Data, o any) any {
			c := o.(VGGConfig)
			shape := d.Columns[0].Shape
			c.In, c.Height, c.Width, c.Classes = shape[0], shape[1], shape[2], d.Outputs
			return make(rng, c)
		},
	}
}

// sizesFor gives a transformer the words of d, and places for all of a sequence.
func sizesFor(d Data, o any) TransformerSizes {
	c, words := o.(TransformerSizes), d.Columns[0]
	c.Words = words.Classes
	if c.Steps == 0 {
		c.Steps = max(words.Shape[0], 1)
	}
	return c
}
