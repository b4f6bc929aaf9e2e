using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations;

namespace CubeFunctions.Local.Operations;

/// <summary>Reads answers of an app that may be of another version: what is new is passed over, what is missing is a fault.</summary>
internal static class AppJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        TypeInfoResolver = JsonTypeInfoResolver
            .Combine(OperationsJson.Default, UpsertAnswerJson.Default, ErasureJson.Default, ProblemJson.Default)
            .WithAddedModifier(RequireMembers),
    };

    public static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    /// <summary>
    /// Null members are left out when they are written, and those outside of a record's constructor came later; all others have to be
    /// there.
    /// </summary>
    private static void RequireMembers(JsonTypeInfo type)
    {
        foreach (var member in type.Properties)
        {
            member.IsRequired |=
                member.AssociatedParameter is { IsNullable: false, HasDefaultValue: false, IsMemberInitializer: false }
                && Nullable.GetUnderlyingType(member.PropertyType) is null;
        }
    }
}

/// <summary>Problem details (RFC 9457), as far as people read them.</summary>
internal sealed record AppProblem(int? Status, string? Title, string? Detail, string? Part);

[JsonSerializable(typeof(AppProblem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
