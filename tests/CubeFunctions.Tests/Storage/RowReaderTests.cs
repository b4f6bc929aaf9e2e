using System.Reflection;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Storage;

/// <summary>A column of a wrong type counts as absent, in each row class there is.</summary>
public sealed class RowReaderTests
{
    private static readonly MethodInfo Read = typeof(RowReader).GetMethod(nameof(RowReader.Read))!;

    /// <summary>Columns that take no other text.</summary>
    private static readonly Dictionary<string, string> ItemTexts = new()
    {
        [nameof(ItemRow.Feed)] = "customers",
        [nameof(ItemRow.ScopeKind)] = "campaign",
        [nameof(ItemRow.Today)] = "2026-11-26",
    };

    public static TheoryData<string> RowClasses =>
        [
            .. typeof(RowReader)
                .Assembly.GetTypes()
                .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IStoredRow)))
                .Select(type => type.FullName!),
        ];

    [Theory]
    [MemberData(nameof(RowClasses))]
    public void Of_each_column_of_each_row_class_it_leaves_the_others_as_they_were(string rowClass)
    {
        var type = typeof(RowReader).Assembly.GetType(rowClass)!;
        var columns = RowReader.ColumnsOf(type).ToList();
        var fresh = columns.ToDictionary(column => column.Name, column => column.Property.GetValue(Activator.CreateInstance(type)));
        AtLeastOne.All(
            columns,
            wrong =>
            {
                var stored = new TableEntity("p", "r") { ETag = new ETag("e") };
                foreach (var column in columns)
                {
                    stored[column.Name] = ValueOf(column.Property, fresh[column.Name]);
                }

                stored[wrong.Name] = wrong.Property.PropertyType == typeof(string) ? 7 : "many";
                var (row, lost) = Take(type, stored);
                Assert.Equal([wrong.Name], lost);
                Assert.Equal(("p", "r", "e"), (row.PartitionKey, row.RowKey, row.ETag.ToString()));
                Assert.Equal(fresh[wrong.Name], wrong.Property.GetValue(row));
                AtLeastOne.All(
                    columns.Where(column => column.Name != wrong.Name),
                    column => Assert.Equal(stored[column.Name], column.Property.GetValue(row))
                );
            }
        );
    }

    private static (ITableEntity Row, IReadOnlySet<string> Lost) Take(Type type, TableEntity stored)
    {
        var result = (System.Runtime.CompilerServices.ITuple)Read.MakeGenericMethod(type).Invoke(null, [stored])!;
        return ((ITableEntity)result[0]!, (IReadOnlySet<string>)result[1]!);
    }

    /// <summary>A value that is none of the class's own; of enums, which are text, the first name.</summary>
    private static object ValueOf(PropertyInfo property, object? fresh)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return property.DeclaringType == typeof(ItemRow) && ItemTexts.TryGetValue(property.Name, out var text) ? text
            : type == typeof(string) ? (property.Name.EndsWith("Name", StringComparison.Ordinal) ? fresh ?? "Planning" : "text")
            : type == typeof(DateTimeOffset) ? new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero)
            : type == typeof(int) ? 17
            : type == typeof(long) ? 18L
            : type == typeof(bool) ? true
            : type == typeof(double) ? 1.5
            : type == typeof(byte[]) ? new byte[] { 1, 2 }
            : throw new NotSupportedException($"{property.Name} is of a type that this test does not know.");
    }
}
