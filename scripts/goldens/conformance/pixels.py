"""Vision models of Transformers and hand-written networks over images."""

import torch
import torch.nn.functional as F
import transformers as T
from torch import nn

from .blocks import ConvNorm, SqueezeExcite, attention_block, seq
from .spec import BATCH, Output, Spec, pixels, plain

SMALL = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, image_size=32, patch_size=8)
HEAD = dict(num_labels=5)


class MBConv(nn.Module):
    def __init__(self, i, o, stride, act, expand=2, kernel=3, se=True):
        super().__init__()
        h = i * expand
        self.body = seq(
            ConvNorm(i, h, 1, act=act),
            ConvNorm(h, h, kernel, stride, groups=h, act=act),
            SqueezeExcite(h, act, nn.Hardsigmoid if act is nn.Hardswish else nn.Sigmoid) if se else nn.Identity(),
            ConvNorm(h, o, 1),
        )
        self.skip = stride == 1 and i == o

    def forward(self, x):
        return x + self.body(x) if self.skip else self.body(x)


def mobile(act, dropout):
    return seq(
        ConvNorm(3, 8, 3, 2, act=act), MBConv(8, 8, 1, act), MBConv(8, 16, 2, act, kernel=5), MBConv(16, 16, 1, act, se=False),
        ConvNorm(16, 32, 1, act=act), nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(32, 24), act(), nn.Dropout(dropout), nn.Linear(24, 5),
    )


class Mixer(nn.Module):
    def __init__(self, d=24, n=16):
        super().__init__()
        self.patch = nn.Conv2d(3, d, 8, 8)
        self.norms = nn.ModuleList(nn.LayerNorm(d, eps=1e-6) for _ in range(5))
        self.tokens = nn.ModuleList(seq(nn.Linear(n, 12), nn.GELU(), nn.Linear(12, n)) for _ in range(2))
        self.channels = nn.ModuleList(seq(nn.Linear(d, 32), nn.GELU(approximate="tanh"), nn.Linear(32, d)) for _ in range(2))
        self.head = nn.Linear(d, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        for i in range(2):
            x = x + self.tokens[i](self.norms[2 * i](x).transpose(1, 2)).transpose(1, 2)
            x = x + self.channels[i](self.norms[2 * i + 1](x))
        return self.head(self.norms[4](x).mean(1))


class Dense(nn.Module):
    """DenseNet: norm before convolution, concatenation, average pools."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.layers = nn.ModuleList(
            seq(nn.BatchNorm2d(8 + 4 * i), nn.ReLU(), nn.Conv2d(8 + 4 * i, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1, bias=False))
            for i in range(3)
        )
        self.transition = seq(nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 12, 1, bias=False), nn.AvgPool2d(2, 2))
        self.last = nn.BatchNorm2d(12)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        parts = [F.max_pool2d(self.stem(x), 3, 2, 1)]
        for layer in self.layers:
            parts.append(layer(torch.cat(parts, 1)))
        x = F.relu(self.last(self.transition(torch.cat(parts, 1))))
        return self.head(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(3, 8, 3, 2, padding=0, act=nn.ReLU)
        self.a = ConvNorm(8, 4, 1, act=nn.ReLU)
        self.b = seq(ConvNorm(8, 4, (1, 7), padding=(0, 3), act=nn.ReLU), ConvNorm(4, 6, (7, 1), padding=(3, 0), act=nn.ReLU))
        self.c = seq(nn.AvgPool2d(3, 1, 1, count_include_pad=False), ConvNorm(8, 4, 1, act=nn.ReLU))
        self.d = seq(nn.AvgPool2d(3, 1, 1), ConvNorm(8, 4, 1, act=nn.ReLU))
        self.down = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.reduce = nn.AvgPool2d(3, 2, ceil_mode=True)
        self.lrn = nn.LocalResponseNorm(3)
        self.head = nn.Linear(18, 5)

    def forward(self, x):
        x = self.lrn(self.down(self.stem(x)))
        x = torch.cat([self.a(x), self.b(x), self.c(x), self.d(x)], 1)
        return self.head(self.reduce(x).mean((2, 3)))


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(3, 8, 3, 2, act=nn.ReLU)
        self.right = nn.ModuleList(
            seq(ConvNorm(4, 4, 1, act=nn.ReLU), ConvNorm(4, 4, 3, groups=4), ConvNorm(4, 4, 1, act=nn.ReLU)) for _ in range(2)
        )
        self.grouped = nn.Conv2d(8, 8, 1, groups=2)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        for right in self.right:
            left, other = x.chunk(2, 1)
            x = torch.cat([left, right(other)], 1)
            b, c, h, w = x.shape
            x = x.view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)
        return self.head(self.grouped(x).mean([2, 3]))


class UNet(nn.Module):
    """Segmentation: transposed convolutions, bilinear or nearest resizing, skips."""

    def __init__(self, up):
        super().__init__()
        self.up = up
        self.down1 = ConvNorm(3, 8, 3, act=nn.ReLU)
        self.down2 = ConvNorm(8, 16, 3, act=nn.LeakyReLU)
        self.bottom = ConvNorm(16, 16, 3, act=nn.ELU)
        self.grow = nn.ConvTranspose2d(16, 16, 2, 2) if up == "transposed" else None
        self.grow2 = nn.ConvTranspose2d(24, 8, 3, 2, 1, output_padding=1, groups=2, bias=False) if up == "transposed" else None
        self.side = ConvNorm(32, 24, 3, act=nn.ReLU)
        self.norm = nn.BatchNorm2d(8 if up == "transposed" else 24)
        self.head = nn.Conv2d(16 if up == "transposed" else 32, 4, 1)

    def enlarge(self, x, like, conv):
        if conv is not None:
            return conv(x)
        if self.up == "nearest":
            return F.interpolate(x, size=like.shape[-2:], mode="nearest")
        if self.up == "scale":
            return F.interpolate(x, scale_factor=2.0, mode="nearest")
        return F.interpolate(x, size=like.shape[-2:], mode=self.up, align_corners=False)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.bottom(F.max_pool2d(b, 2))
        d = self.side(torch.cat([self.enlarge(c, b, self.grow), b], 1))
        e = self.norm(self.enlarge(d, a, self.grow2))
        return self.head(torch.cat([e, a], 1))


class DeepLab(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = seq(ConvNorm(3, 8, 3, 2, act=nn.ReLU), ConvNorm(8, 16, 3, 2, act=nn.ReLU))
        self.rates = nn.ModuleList(seq(nn.Conv2d(16, 8, 3, padding=r, dilation=r, bias=False), nn.BatchNorm2d(8), nn.ReLU()) for r in (1, 2, 4))
        self.pool = seq(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 8, 1), nn.ReLU())
        self.head = nn.Conv2d(32, 4, 1)

    def forward(self, x):
        y = self.stem(x)
        pooled = F.interpolate(self.pool(y), size=y.shape[-2:], mode="bilinear", align_corners=True)
        y = torch.cat([r(y) for r in self.rates] + [pooled], 1)
        return F.interpolate(self.head(y), size=x.shape[-2:], mode="bilinear", align_corners=True)


class Pixel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(12, 16, 3, padding=1), nn.Conv2d(4, 16, 3, padding=1, padding_mode="reflect")
        self.c = nn.Conv2d(4, 12, 3, padding=1, padding_mode="replicate")

    def forward(self, x):
        x = F.gelu(self.a(F.pixel_unshuffle(x, 2)))
        x = F.mish(self.b(F.pixel_shuffle(x, 2)))
        return F.pixel_shuffle(self.c(F.pixel_shuffle(x, 2)), 2)[:, :, ::2, 1:-1]


class Volume(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = seq(
            nn.Conv3d(2, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(8, 8, (1, 3, 3), (1, 2, 2), (0, 1, 1), groups=2),
            nn.GroupNorm(2, 8), nn.SiLU(), nn.ConvTranspose3d(8, 6, 2, 2), nn.InstanceNorm3d(6, affine=True), nn.AvgPool3d((2, 2, 2)),
        )
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3, 4)))


class Levit(nn.Module):
    """Attention over a map with convolutions and a learned bias per offset."""

    def __init__(self):
        super().__init__()
        self.stem = seq(ConvNorm(3, 8, 3, 2, act=nn.Hardswish), ConvNorm(8, 16, 3, 2, act=nn.Hardswish), ConvNorm(16, 24, 3, 2, act=nn.Hardswish))
        self.qkv = seq(nn.Linear(24, 72, bias=False), nn.BatchNorm1d(72))
        self.out = nn.Linear(24, 24)
        self.bias = nn.Parameter(torch.randn(4, 16))
        y, x = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")
        p = torch.stack([y.flatten(), x.flatten()])
        d = (p[:, :, None] - p[:, None, :]).abs()
        self.register_buffer("index", d[0] * 4 + d[1])
        self.norm, self.head = nn.BatchNorm1d(24), nn.Linear(24, 5)

    def forward(self, x):
        x = self.stem(x).flatten(2).transpose(1, 2)
        b, n, c = x.shape
        qkv = self.qkv[1](self.qkv[0](x).flatten(0, 1)).reshape(b, n, 3, 4, 6).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        a = (q @ k.transpose(-2, -1) * 6**-0.5 + self.bias[:, self.index]).softmax(-1)
        x = x + self.out(F.hardswish((a @ v).transpose(1, 2).reshape(b, n, c)))
        return self.head(self.norm(x.mean(1)))


class PReLUs(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = seq(
            nn.Conv2d(3, 8, 3, 2, 1), nn.InstanceNorm2d(8, affine=True), nn.PReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.PReLU(12),
            nn.InstanceNorm2d(12), nn.Conv2d(12, 12, 3, padding=1, groups=3), nn.GroupNorm(3, 12), nn.PReLU(12),
        )
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        return self.head(F.normalize(self.body(x).amax((2, 3)), dim=1))


class ViT(nn.Module):
    """Hand-written: class token, nn.MultiheadAttention or nn.TransformerEncoderLayer, layer scale."""

    def __init__(self, pool):
        super().__init__()
        self.pool = pool
        self.patch = nn.Conv2d(3, 24, 8, 8)
        self.cls = nn.Parameter(torch.randn(1, 1, 24))
        self.position = nn.Parameter(torch.randn(1, 17, 24))
        self.scale = nn.Parameter(torch.full((24,), 0.1))
        self.blocks = nn.ModuleList(attention_block(24, 4) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(24), nn.Linear(24, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.position
        for block in self.blocks:
            x = x + self.scale * block(x)
        x = self.norm(x)
        return self.head(x[:, 0] if self.pool == "cls" else x[:, 1:].mean(1))


def vgg():
    return plain(seq(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d((4, 4)), nn.Flatten(), nn.Linear(192, 32), nn.ReLU(True), nn.Dropout(), nn.Linear(32, 5),
    ))


def two(o):
    return o.logits


PIXELS = {
    "efficientnet_hand": lambda: plain(mobile(nn.SiLU, 0.2)),
    "mobilenet_v3_hand": lambda: plain(mobile(nn.Hardswish, 0.2)),
    "efficientnet_hf": lambda: pixels(T.EfficientNetForImageClassification(T.EfficientNetConfig(
        image_size=32, width_coefficient=0.25, depth_coefficient=0.5, hidden_dim=320, num_labels=5,
        in_channels=[32, 16, 24], out_channels=[16, 24, 40], kernel_sizes=[3, 3, 5], strides=[1, 2, 2], num_block_repeats=[1, 2, 2],
        expand_ratios=[1, 2, 2], depthwise_padding=[1], ))),
    "dinov2": lambda: pixels(T.Dinov2ForImageClassification(T.Dinov2Config(**{**SMALL, "image_size": 48}, mlp_ratio=2, **HEAD))),
    "dinov2_swiglu": lambda: pixels(T.Dinov2ForImageClassification(T.Dinov2Config(**SMALL, mlp_ratio=2, use_swiglu_ffn=True, **HEAD))),
    "dinov2_registers": lambda: pixels(T.Dinov2WithRegistersForImageClassification(T.Dinov2WithRegistersConfig(**SMALL, mlp_ratio=2, **HEAD))),
    "dinov3_vit": lambda: pixels(T.DINOv3ViTModel(T.DINOv3ViTConfig(**SMALL)), "pooler_output", loss="half_mse"),
    "convnextv2": lambda: pixels(T.ConvNextV2ForImageClassification(T.ConvNextV2Config(hidden_sizes=[8, 16], depths=[1, 2], num_stages=2, **HEAD))),
    "vit_hand_cls": lambda: plain(ViT("cls")),
    "vit_hand_mean": lambda: plain(ViT("mean")),
    "vit_pooler": lambda: pixels(T.ViTModel(T.ViTConfig(**SMALL)), "pooler_output", loss="half_mse"),
    "vit_msn": lambda: pixels(T.ViTMSNForImageClassification(T.ViTMSNConfig(**SMALL, **HEAD))),
    "beit": lambda: pixels(T.BeitForImageClassification(T.BeitConfig(**SMALL, use_relative_position_bias=True, use_mean_pooling=True, **HEAD))),
    "beit_shared": lambda: pixels(T.BeitForImageClassification(T.BeitConfig(**SMALL, use_shared_relative_position_bias=True, use_absolute_position_embeddings=True, **HEAD))),
    "data2vec_vision": lambda: pixels(T.Data2VecVisionForImageClassification(T.Data2VecVisionConfig(**SMALL, use_relative_position_bias=True, **HEAD))),
    "siglip_vision": lambda: pixels(T.SiglipVisionModel(T.SiglipVisionConfig(**SMALL)), "pooler_output", loss="half_mse"),
    "regnet": lambda: pixels(T.RegNetForImageClassification(T.RegNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], groups_width=4, **HEAD))),
    "bit": lambda: pixels(T.BitForImageClassification(T.BitConfig(embedding_size=8, hidden_sizes=[16, 32], depths=[1, 1], num_groups=4, **HEAD))),
    "densenet": lambda: plain(Dense()),
    "inception": lambda: plain(Inception()),
    "shufflenet": lambda: plain(Shuffle()),
    "vgg": vgg,
    "mlp_mixer": lambda: plain(Mixer()),
    "poolformer": lambda: pixels(T.PoolFormerForImageClassification(T.PoolFormerConfig(hidden_sizes=[8, 16], depths=[1, 1], num_encoder_blocks=2, patch_sizes=[7, 3], strides=[4, 2], padding=[2, 1], **HEAD))),
    "mobilevit": lambda: pixels(T.MobileViTForImageClassification(T.MobileViTConfig(hidden_sizes=[8, 12, 16], neck_hidden_sizes=[4, 8, 8, 12, 12, 16, 16], num_attention_heads=2, image_size=64, **HEAD)), size=64),
    "mobilevit_v2": lambda: pixels(T.MobileViTV2ForImageClassification(T.MobileViTV2Config(base_attn_unit_dims=[8, 8, 8], width_multiplier=0.125, n_attn_blocks=[1, 1, 1], image_size=64, **HEAD)), size=64),
    "levit_hand": lambda: plain(Levit()),
    "levit": lambda: pixels(T.LevitForImageClassification(T.LevitConfig(image_size=64, hidden_sizes=[16, 16, 16], num_attention_heads=[2, 2, 2], depths=[1, 1, 1], key_dim=[8, 8, 8], mlp_ratio=[2, 2, 2], **HEAD)), size=64),
    "mobilenet_v1": lambda: pixels(T.MobileNetV1ForImageClassification(T.MobileNetV1Config(depth_multiplier=0.25, image_size=32, min_depth=4, **HEAD))),
    "pvt": lambda: pixels(T.PvtForImageClassification(T.PvtConfig(image_size=32, hidden_sizes=[8, 16], depths=[1, 1], num_encoder_blocks=2, sequence_reduction_ratios=[2, 1], num_attention_heads=[1, 2], patch_sizes=[4, 2], strides=[4, 2], mlp_ratios=[2, 2], **HEAD))),
    "pvt_v2": lambda: pixels(T.PvtV2ForImageClassification(T.PvtV2Config(image_size=32, hidden_sizes=[8, 16], depths=[1, 1], num_encoder_blocks=2, sr_ratios=[2, 1], num_attention_heads=[1, 2], patch_sizes=[7, 3], strides=[4, 2], mlp_ratios=[2, 2], **HEAD))),
    "swinv2": lambda: pixels(T.Swinv2ForImageClassification(T.Swinv2Config(image_size=32, patch_size=4, embed_dim=16, depths=[2, 1], num_heads=[2, 4], window_size=4, **HEAD))),
    "focalnet": lambda: pixels(T.FocalNetForImageClassification(T.FocalNetConfig(image_size=32, embed_dim=12, depths=[1, 1], focal_levels=[2, 2], focal_windows=[3, 3], hidden_sizes=[12, 24], use_layerscale=True, **HEAD))),
    "cvt": lambda: pixels(T.CvtForImageClassification(T.CvtConfig(embed_dim=[8, 16], num_heads=[1, 2], depth=[1, 1], patch_sizes=[7, 3], patch_stride=[4, 2], patch_padding=[2, 1], mlp_ratio=[2.0, 2.0], attention_drop_rate=[0.0, 0.0], drop_rate=[0.0, 0.0], drop_path_rate=[0.0, 0.0], qkv_bias=[True, True], cls_token=[False, True], qkv_projection_method=["dw_bn", "dw_bn"], kernel_qkv=[3, 3], padding_kv=[1, 1], stride_kv=[2, 2], padding_q=[1, 1], stride_q=[1, 1], **HEAD))),
    "hiera": lambda: pixels(T.HieraForImageClassification(T.HieraConfig(image_size=[32, 32], embed_dim=16, depths=[1, 1], num_heads=[1, 2], embed_dim_multiplier=2.0, num_query_pool=1, query_stride=[2, 2], masked_unit_size=[4, 4], masked_unit_attention=[True, False], patch_size=[7, 7], patch_stride=[4, 4], patch_padding=[3, 3], **HEAD))),
    "swiftformer": lambda: pixels(T.SwiftFormerForImageClassification(T.SwiftFormerConfig(image_size=32, depths=[1, 1], embed_dims=[16, 24], mlp_ratio=2, **HEAD))),
    "dpt_depth": lambda: pixels(T.DPTForSemanticSegmentation(T.DPTConfig(**{**SMALL, "num_hidden_layers": 4}, backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8, num_labels=4, use_auxiliary_head=False)), class_axis=1),
    "yolos": lambda: pixels(T.YolosForObjectDetection(T.YolosConfig(**{**SMALL, "image_size": [32, 32]}, num_detection_tokens=5, num_labels=4, use_mid_position_embeddings=True))),
    "mobilevit_deeplab": lambda: pixels(T.MobileViTForSemanticSegmentation(T.MobileViTConfig(hidden_sizes=[8, 12, 16], neck_hidden_sizes=[4, 8, 8, 12, 12, 16, 16], num_attention_heads=2, image_size=64, aspp_out_channels=8, output_stride=16, num_labels=4)), size=64, class_axis=1),
    "upernet_convnext": lambda: pixels(T.UperNetForSemanticSegmentation(T.UperNetConfig(backbone_config=T.ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2, out_features=["stage1", "stage2"]), hidden_size=8, pool_scales=[1, 2], use_auxiliary_head=False, num_labels=4)), class_axis=1),
    "unet_transposed": lambda: plain(UNet("transposed"), class_axis=1),
    "unet_bilinear": lambda: plain(UNet("bilinear"), class_axis=1),
    "unet_bicubic": lambda: plain(UNet("bicubic"), class_axis=1),
    "unet_nearest": lambda: plain(UNet("nearest"), class_axis=1),
    "unet_scale": lambda: plain(UNet("scale"), class_axis=1),
    "deeplab": lambda: plain(DeepLab(), class_axis=1),
    "prelu_instance": lambda: plain(PReLUs()),
    "pixel_shuffle": lambda: plain(Pixel(), size=8, channels=3, loss="half_mse"),
    "volume": lambda: Spec(Volume(), {"x": torch.randn(BATCH, 2, 8, 8, 8)}),
    "swin2sr": lambda: pixels(T.Swin2SRForImageSuperResolution(T.Swin2SRConfig(image_size=16, patch_size=1, embed_dim=12, depths=[1, 1], num_heads=[2, 2], window_size=4, upscale=2)), "reconstruction", size=16, loss="half_mse"),
    "dinov3_convnext": lambda: pixels(T.DINOv3ConvNextModel(T.DINOv3ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 1])), "pooler_output", loss="half_mse"),
    "ijepa": lambda: pixels(T.IJepaForImageClassification(T.IJepaConfig(**SMALL, **HEAD))),
}
