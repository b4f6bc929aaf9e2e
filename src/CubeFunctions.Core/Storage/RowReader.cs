using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Serialization;
using Azure.Data.Tables;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// Reads what can be read of a row that somebody garbled. A column of a wrong type, or of a name that is none, counts as absent; the others
/// are as they were.
/// </summary>
internal static class RowReader
{
    private static readonly ConcurrentDictionary<Type, (string Name, PropertyInfo Property)[]> Columns = new();
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Texts = new();

    /// <summary>Reads a row.</summary>
    /// <param name="garbled">The row, as it is stored.</param>
    /// <returns>What fits, in the state of the stored row, and the names of the columns that do not.</returns>
    public static (T Row, IReadOnlySet<string> Lost) Read<T>(TableEntity garbled)
        where T : class, ITableEntity, new()
    {
        var row = new T
        {
            PartitionKey = garbled.PartitionKey,
            RowKey = garbled.RowKey,
            Timestamp = garbled.Timestamp,
            ETag = garbled.ETag,
        };
        var lost = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, property) in ColumnsOf(typeof(T)))
        {
            if (garbled.TryGetValue(name, out var value) && value is not null && !TrySet(row, property, value))
            {
                lost.Add(name);
            }
        }

        return (row, lost);
    }

    /// <summary>Reads a row whose lost columns need no care: as <see cref="OptimisticTable"/> asks for it. Nothing is written.</summary>
    public static Task<T> ReadAsync<T>(TableEntity garbled, CancellationToken cancellationToken)
        where T : class, ITableEntity, new() => Task.FromResult(Read<T>(garbled).Row);

    /// <summary>
    /// Whether a row lacks text that its class cannot be without: the SDK reads text of another type as null, without a word.
    /// </summary>
    public static bool LacksText<T>(T row)
        where T : class, ITableEntity => Texts.GetOrAdd(typeof(T), FindTexts).Any(text => text.GetValue(row) is null);

    /// <summary>A column of a row that has no class; default where it is absent or of another type, for which the SDK throws.</summary>
    public static T? Find<T>(this TableEntity row, string column) =>
        row.TryGetValue(column, out var value) && value is T fitting ? fitting : default;

    /// <summary>The columns of a row class beside its keys, by their names in the table.</summary>
    public static IReadOnlyList<(string Name, PropertyInfo Property)> ColumnsOf(Type row) => Columns.GetOrAdd(row, FindColumns);

    private static PropertyInfo[] FindTexts(Type row)
    {
        var nullability = new NullabilityInfoContext();
        return
        [
            .. ColumnsOf(row)
                .Select(static column => column.Property)
                .Where(text => text.PropertyType == typeof(string) && nullability.Create(text).ReadState == NullabilityState.NotNull),
        ];
    }

    private static (string Name, PropertyInfo Property)[] FindColumns(Type row) =>
        [
            .. row.GetProperties()
                .Where(property => property.CanWrite && property.GetCustomAttribute<IgnoreDataMemberAttribute>() is null)
                .Select(property => (Name: property.GetCustomAttribute<DataMemberAttribute>()?.Name ?? property.Name, property))
                .Where(column =>
                    column.Name
                        is not (
                            nameof(ITableEntity.PartitionKey)
                            or nameof(ITableEntity.RowKey)
                            or nameof(ITableEntity.Timestamp)
                            or nameof(ITableEntity.ETag)
                        )
                ),
        ];

    private static bool TrySet(ITableEntity row, PropertyInfo property, object value)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var fitting = value switch
        {
            BinaryData bytes when type == typeof(byte[]) => bytes.ToArray(),
            int number when type == typeof(long) => (long)number,
            _ => value,
        };
        if (!type.IsInstanceOfType(fitting))
        {
            return false;
        }

        try
        {
            property.SetValue(row, fitting);
            return true;
        }
        catch (TargetInvocationException exception) when (exception.InnerException is FormatException)
        {
            return false;
        }
    }
}
